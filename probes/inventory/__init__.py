"""Machines of an Ansible inventory (kolla-ansible, kubespray): who they are and how to log in to them."""
