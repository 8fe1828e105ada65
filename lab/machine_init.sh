#!/bin/bash
# PID 1 of one lab machine, until it hands over to systemd.
# Started by lab/boot.py inside fresh mount/uts/ipc/net/pid/cgroup namespaces.
# The root file system is an overlay: this computer's own / read-only below, a tmpfs above,
# so the machine may change any file without touching the computer, and it all vanishes
# with the namespace.
set -e
NAME=$1 WORK=$2 UNITS=$3          # UNITS: space-separated units enabled at boot
SHARES=("${@:4}")                 # pairs: a folder of this computer, and where the machine sees it read-only
mount -t tmpfs -o mode=755,size=512m "lab-$NAME" "$WORK"
mkdir "$WORK"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
cd "$WORK/root"
# own /dev without disks: a destructive repair inside the lab cannot reach the computer's
mount -t tmpfs -o mode=755,size=1m tmpfs dev
mkdir dev/{pts,shm,net}
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,size=16m tmpfs dev/shm
for n in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "net/tun 10 200"; do
  set -- $n; mknod -m 666 dev/$1 c $2 $3
done
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
for i in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${i%%:*} dev/${i##*:}; done
mount -t proc proc proc
for p in sys/kernel sys/vm sys/fs; do   # knobs of the whole computer: look, don't touch
  mount --bind proc/$p proc/$p && mount -o remount,bind,ro proc/$p
done
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for d in run tmp; do mount -t tmpfs -o mode=1777 tmpfs $d; done
chmod 755 run
for d in *; do                          # an operating system, and nothing of what else is kept here
  [ -d "$d" ] && [ ! -L "$d" ] || continue
  case $d in
    bin|boot|dev|etc|lib*|proc|run|sbin|sys|tmp|usr|var) ;;
    *) mount -t tmpfs -o size=16m,mode=755 tmpfs "$d" ;;
  esac
done
chmod 700 root
for ((i = 0; i < ${#SHARES[@]}; i += 2)); do
  inside=.${SHARES[i + 1]}
  mkdir -p "$inside"
  mount --bind "${SHARES[i]}" "$inside" && mount -o remount,bind,ro "$inside"
done

# a clean Debian: no units but ours, empty logs, own identity
rm -rf etc/rc[0-6S].d/* etc/systemd/system/* lib/systemd/system/{sysinit,basic,multi-user,sockets,timers,local-fs,graphical,getty,remote-fs}.target.wants
rm -rf var/log/* var/spool/cron etc/rc?.d/* var/lib/sudo etc/netns etc/sysconfig etc/openvswitch/* etc/sysctl.d/* etc/ssh/ssh*_config.d/* etc/sudoers.d/*
mkdir -p var/log/{frr,openvswitch} root/.ssh etc/openvswitch run/frr run/openvswitch run/sshd
chown frr:frr var/log/frr run/frr; chmod 700 root/.ssh
# people of this computer stay out, and their uids are free
people=$(awk -F: '$3 >= 1000 && $3 < 60000 {print $1}' etc/passwd)
for f in passwd shadow group gshadow; do
  awk -F: -v people="$people" -v f=$f 'BEGIN {split(people, names, "\n"); for (i in names) out[names[i]] = 1}
    !($1 in out) && !(f ~ /^(passwd|group)$/ && $3 >= 1000 && $3 < 60000)' etc/$f > tmp/$f
  cat tmp/$f > etc/$f; rm tmp/$f
done
echo "$NAME" > etc/hostname; hostname "$NAME"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$NAME" > etc/hosts
tr -d - < proc/sys/kernel/random/uuid > etc/machine-id
: > etc/fstab
sed -i 's/^bgpd=no/bgpd=yes/' etc/frr/daemons
mkdir -p etc/systemd/system/{multi-user,sockets}.target.wants etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nReadKMsg=no\n' > etc/systemd/journald.conf.d/lab.conf
cat > etc/systemd/system/ovsdb-server.service <<'UNIT'
[Unit]
Description=Open vSwitch Database Unit
[Service]
Type=forking
RuntimeDirectory=openvswitch
RuntimeDirectoryPreserve=yes
ExecStartPre=/bin/sh -c '[ -e /etc/openvswitch/conf.db ] || ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema'
ExecStart=/usr/sbin/ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile --detach --no-chdir -vconsole:off -vsyslog:err --log-file
UNIT
cat > etc/systemd/system/ovs-vswitchd.service <<'UNIT'
[Unit]
Description=Open vSwitch Forwarding Unit (userspace datapath)
Requires=ovsdb-server.service
After=ovsdb-server.service
[Service]
Type=forking
ExecStart=/usr/sbin/ovs-vswitchd --pidfile --detach --no-chdir --disable-system -vconsole:off -vsyslog:err --log-file
UNIT
cat > etc/systemd/system/openvswitch.service <<'UNIT'
[Unit]
Description=Open vSwitch
Requires=ovs-vswitchd.service
After=ovs-vswitchd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
UNIT
S=/lib/systemd/system
ln -s $S/multi-user.target etc/systemd/system/default.target
ln -s $S/systemd-journald{,-dev-log}.socket etc/systemd/system/sockets.target.wants/
ln -s $S/ssh.service etc/systemd/system/sshd.service
for u in systemd-journald $UNITS; do ln -s $S/$u.service etc/systemd/system/multi-user.target.wants/; done

mkdir run/old
pivot_root . run/old
umount -l /run/old && rmdir /run/old
echo ready
exec </dev/null >/run/init.log 2>&1
CAPS=-sys_time,-sys_module,-sys_rawio,-mknod      # nothing here may change the computer itself
exec setpriv --bounding-set $CAPS --inh-caps $CAPS env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --log-target=console --log-level=notice --show-status=no
