"""Secrets of many kinds as they stand in real files and outputs: kind → text, and what must not be left of it."""

import base64
import json

B64 = base64.b64encode(b"hunter2-in-base64").decode()
BODY = "MIIEpAIBAAKCAQEAplantedplanted\nplantedPLANTED+/=="
KEY = f"-----BEGIN {{kind}}PRIVATE KEY-----\n{BODY}\n-----END {{kind}}PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlLW9mLXBsYW50ZWQ"
SECRET_YAML = f"""apiVersion: v1
data:
  anything: {B64}
  other: cGxhbnRlZDI=
kind: Secret
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {{"apiVersion":"v1","data":{{"anything":"{B64}"}},"kind":"Secret"}}
  name: harbor
type: Opaque
"""
SECRET_LIST = {
    "kind": "List",
    "items": [
        {"kind": "ConfigMap", "data": {"mtu": "1450"}},
        {"kind": "Secret", "metadata": {"name": "harbor"}, "data": {"anything": B64}},
    ],
}
CLOUD_CONFIG = f"""#cloud-config
chpasswd:
  list: |
    root:planted1
    user:planted2
  expire: false
users:
  - name: ops
    hashed_passwd: plantedhash3
write_files:
  - path: /etc/x
    encoding: b64
    content: {B64}
"""
CLOUDS = """clouds:
  lab:
    auth:
      auth_url: http://10.10.10.1:5000/v3
      username: admin
      password: planted-openstack
      application_credential_secret: planted-credential
"""
KUBECONFIG = f"""users:
- name: admin
  user:
    client-certificate-data: TFMwdExTMUNSVWRKVGlCRFJWSlU=
    client-key-data: {B64}
    token: planted-token
"""

PLANTED: dict[str, tuple[str, list[str]]] = {
    "clouds.yaml": (CLOUDS, ["planted-openstack", "planted-credential"]),
    "kubeconfig": (KUBECONFIG, [B64, "planted-token"]),
    "Secret as YAML": (SECRET_YAML, [B64, "cGxhbnRlZDI="]),
    "Secret as YAML, cut off": (SECRET_YAML[:150] + "\n  x: 'cut", [B64]),
    "Secrets among others as JSON": (json.dumps(SECRET_LIST, indent=2), [B64]),
    "Secret as JSON, cut off": (json.dumps(SECRET_LIST)[:-6], [B64]),
    "Secret as JSON in JSON": (json.dumps({"stdout": json.dumps(SECRET_LIST)}), [B64]),
    "environment": (
        "PATH=/bin\nOS_PASSWORD=planted1\nRABBITMQ_DEFAULT_PASS_TOKEN=planted2",
        ["planted1", "planted2"],
    ),
    "container environment as JSON": ('{"name": "DB_PASSWORD", "value": "planted"}', ["planted"]),
    "container environment as YAML": ("    - name: DB_PASSWORD\n      value: planted\n", ["planted"]),
    "URL with credentials": ("git clone https://ops:planted@git.example/x.git", ["planted"]),
    "oslo transport_url": (
        "transport_url = rabbit://o:planted1@c1:5672,o:planted2@c2:5672/",
        ["planted1", "planted2"],
    ),
    "oslo connection": ("connection = mysql+pymysql://nova:planted@10.0.0.1/nova?charset=utf8", ["planted"]),
    "oslo password": ("[keystone_authtoken]\nusername = nova\npassword = planted", ["planted"]),
    "metadata shared secret": ("metadata_proxy_shared_secret = planted", ["planted"]),
    "heat auth_encryption_key": ("auth_encryption_key = planted0123456789", ["planted0123456789"]),
    "memcache secret key": ("memcache_secret_key=planted", ["planted"]),
    "Authorization: Bearer": ("> Authorization: Bearer planted.token-0123456789", ["planted.token-0123456789"]),
    "Authorization: Basic": ("Authorization: Basic cGxhbnRlZDpwbGFudGVk", ["cGxhbnRlZDpwbGFudGVk"]),
    "X-Auth-Token": ("-H 'X-Auth-Token: planted0123456789'", ["planted0123456789"]),
    "X-Subject-Token": ("< X-Subject-Token: planted0123456789", ["planted0123456789"]),
    "cookie": ("Cookie: sid=planted; other=planted2", ["planted"]),
    "set-cookie": ("< Set-Cookie: session=planted; HttpOnly", ["planted"]),
    "private key": (KEY.format(kind=""), ["plantedplanted", "plantedPLANTED"]),
    "RSA key": (KEY.format(kind="RSA "), ["plantedplanted"]),
    "OpenSSH key, cut off": (KEY.format(kind="OPENSSH ")[:70], ["MIIEpAIBAA"]),
    "key in JSON": (json.dumps({"k": KEY.format(kind="EC ")}), ["plantedplanted", "plantedPLANTED"]),
    "encrypted key": (KEY.format(kind="ENCRYPTED "), ["plantedplanted"]),
    "JWT": (f"got {JWT} back", ["c2lnbmF0dXJl"]),
    "fernet token": ("id | gAAAAABk" + "planted_" * 12, ["planted_planted_"]),
    "bootstrap token": ("kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef", ["0123456789abcdef"]),
    "certificate key": ("--certificate-key " + "ab12" * 16, []),
    "AWS access key": ("aws_access_key_id = AKIAPLANTEDPLANTED12", ["AKIAPLANTEDPLANTED12"]),
    "AWS session key": ("creds ASIAPLANTEDPLANTED12 used", ["ASIAPLANTEDPLANTED12"]),
    "AWS secret": ('aws_secret = "plantedplantedplantedplantedplanted12345"', ["plantedplanted"]),
    "GitHub": ("ghp_" + "planted1" * 4 + "abcd", ["planted1"]),
    "GitHub, fine-grained": ("github_pat_" + "planted1" * 9, ["planted1"]),
    "GitLab": ("glpat-planted0123456789abc", ["planted0123"]),
    "GitLab runner": ("GR1348941planted0123456789abc", ["planted0123"]),
    "Slack": ("xoxb-123456789012-123456789012-plantedplanted", ["plantedplanted"]),
    "Slack webhook": ("https://hooks.slack.com/services/T0PLANTED/B0PLANTED/planted0123", ["planted0123"]),
    "Stripe": ("sk_live_plantedplantedplanted123", ["plantedplanted"]),
    "SendGrid": ("SG.planted0123456789plant." + "planted" * 6 + "p", ["planted0123456789", "plantedplanted"]),
    "PyPI": ("pypi-AgEIcHlwaS5vcmc" + "planted" * 11, ["plantedplanted"]),
    "npm": ("//registry.npmjs.org/:_authToken=npm_planted0123456789planted0123456789", ["planted0123456789"]),
    "OpenAI": ("sk-planted0123456planted1T3BlbkFJplanted0123456planted1", ["planted0123456"]),
    "Azure storage": ("AccountKey=" + "planted/" * 11, ["planted/planted/"]),
    "Square": ("sq0csp-" + "planted" * 6 + "p", ["plantedplanted"]),
    "Mailchimp": ("mailchimp key 0123456789abcdef0123456789abcdef-us12", ["0123456789abcdef"]),
    "Twilio": ("twilio SK0123456789abcdef0123456789abcdef", ["0123456789abcdef"]),
    "Telegram": ("telegram bot 123456789:" + "planted" * 5, ["plantedplanted"]),
    "Discord": ("discord Mplantedplantedplanted12.planty." + "planted" * 3 + "planty", ["plantedplanted"]),
    "Artifactory": ("jfrog AKCplanted0123456789 in use", ["planted0123456789"]),
    "Vault": ("VAULT says hvs.planted0123456789planted01", ["planted0123456789"]),
    "Google API key": ("AIza" + "planted" * 5, ["plantedplanted"]),
    "DigitalOcean": ("dop_v1_" + "planted1" * 8, ["planted1"]),
    "age": ("AGE-SECRET-KEY-1" + "PLANTED1" * 7, ["PLANTED1"]),
    "cloud-init": (CLOUD_CONFIG, ["planted1", "planted2", "plantedhash3", B64]),
    "user_data of an instance": (json.dumps({"OS-EXT-SRV-ATTR:user_data": B64}), [B64]),
    "libvirt VNC": ("<graphics type='vnc' port='5900' passwd='planted'/>", ["planted"]),
    "libvirt secret": (f"virsh secret-set-value {'0' * 8}-0000-0000-0000-{'0' * 12} {B64}", [B64]),
    "Ceph keyring": ("[client.admin]\n\tkey = AQ" + "planted1" * 4 + "ABCD==", ["planted1"]),
    "SNMP community": ("rocommunity planted 10.0.0.0/8", ["planted"]),
    "SNMP command": ("snmpwalk -v2c -c planted 10.0.0.1 system", ["planted"]),
    "SNMP user": ('createUser ops SHA "planted1" AES planted2', ["planted1", "planted2"]),
    "Cisco SNMP": ("snmp-server community planted RO", ["planted"]),
    "BGP (FRR)": ("router bgp 65000\n neighbor 10.10.10.2 password planted", ["planted"]),
    "BGP (BIRD)": ('  password "planted";', ["planted"]),
    "OSPF": (" ip ospf message-digest-key 1 md5 planted", ["planted"]),
    "key chain": ("  key-string planted", ["planted"]),
    "VRRP": ("        auth_type PASS\n        auth_pass planted", ["planted"]),
    "WireGuard file": (
        "[Interface]\nPrivateKey = plantedplantedplantedplantedplantedplantedplan=",
        ["plantedplanted"],
    ),
    "WireGuard preshared": ("PresharedKey = plantedplantedplantedplantedplantedplantedplan=", ["plantedplanted"]),
    "IPsec": ('10.0.0.1 10.0.0.2 : PSK "planted words"', ["planted words"]),
    "xfrm": ("\tauth-trunc hmac(sha256) 0x0123456789abcdef0123456789abcdef 128", ["0123456789abcdef"]),
    "xfrm aead": ("\taead rfc4106(gcm(aes)) 0x0123456789abcdef0123456789abcdef 128", ["0123456789abcdef"]),
    "shadow": ("root:$6$saltsalt$plantedplantedplanted/planted:19000:0:99999:7:::", ["plantedplanted"]),
    "yescrypt": ("ops:$y$j9T$saltsalt$plantedplantedplanted:19000:", ["plantedplanted"]),
    "htpasswd": ("ops:$2y$05$plantedplantedplantedplantedplanted", ["plantedplanted"]),
    "mysql": ("mysql -u root -pplanted nova -e 'select 1'", ["planted"]),
    "sshpass": ("sshpass -p planted ssh root@10.0.0.1", ["planted"]),
    "curl": ("curl -s -u admin:planted https://10.0.0.1/api", ["planted"]),
    "redis": ("requirepass planted", ["planted"]),
    "redis-cli": ("redis-cli -h 10.0.0.1 -a planted ping", ["planted"]),
    "HAProxy": ("    stats auth admin:planted", ["planted"]),
    ".netrc": ("machine git.example login ops password planted", ["planted"]),
    "docker config": ('{"auths": {"r": {"auth": "cGxhbnRlZDpwbGFudGVk1Q=="}}}', ["cGxhbnRlZDpwbGFudGVk"]),
    "IPMI": ("ipmitool -I lanplus -H 10.0.0.9 -U root -P planted power status", ["planted"]),
    "RabbitMQ": ("rabbitmqctl change_password openstack planted", ["planted"]),
    "openssl": ("openssl rsa -passin pass:planted -in key.pem", ["planted"]),
    "wpa": ('    psk="planted words"', ["planted words"]),
    "camel case": ('{"adminPassword": "planted", "clientSecret": "planted2"}', ["planted"]),
}
PLANTED.pop("certificate key")  # a digest of nothing secret: two hours later it is worth nothing

ANSWERS: dict[str, tuple[str, str]] = {
    "libvirt secret": ("virsh secret-get-value 1234", "cGxhbnRlZA==\n"),
    "WireGuard key": ("wg show wg0 private-key", "plantedplantedplantedplantedplantedplantedplan=\n"),
    "join token": ("kubeadm token create", "abcdef.0123456789abcdef\n"),
    "keystone token": ("openstack token issue -c id -f value", "plantedplanted\n"),
    "Secret by path": ("kubectl -n x get secret h -o jsonpath={.data.password}", "cGxhbnRlZA=="),
    "fernet keys": ("sudo cat /etc/keystone/fernet-keys/0", "plantedplanted=\n"),
    "Erlang cookie": ("cat /var/lib/rabbitmq/.erlang.cookie", "PLANTEDPLANTED"),
    "service account": ("cat /var/run/secrets/kubernetes.io/serviceaccount/token", "planted.planted"),
    "Ceph key": ("ceph auth get-key client.admin", "AQplantedplanted=="),
}
