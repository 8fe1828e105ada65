"""A real Kubernetes on three machines of the lab: kubeadm, etcd, kubelet, containerd, flannel, CoreDNS."""
