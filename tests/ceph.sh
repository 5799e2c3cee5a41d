#!/bin/bash
# A small but real S3-compatible server for `reid bench scale`: Ceph on this machine alone, with one
# monitor, one store without copies and one S3 gateway that asks for the keys it is given.
#
#   apt-get install ceph-mon ceph-mgr ceph-osd radosgw
#   AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… tests/ceph.sh FOLDER PORT [GIGABYTES]
#
# FOLDER must be new and absolute; the store in it takes disk as it fills, up to GIGABYTES (60).
# To end it: kill $(cat FOLDER/run/*.pid)
set -euo pipefail
folder=$1 port=$2 gigabytes=${3:-60}
mkdir -p "$folder"/{mon,osd,mgr,rgw,run}
keyring=$folder/keyring
export CEPH_CONF=$folder/ceph.conf
cluster=$(uuidgen) store=$(uuidgen)
monitors='[v2:127.0.0.1:13300,v1:127.0.0.1:16789]'

cat > "$CEPH_CONF" <<CONF
[global]
fsid = $cluster
keyring = $keyring
mon_host = $monitors
public_network = 127.0.0.0/8
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
run_dir = $folder/run
admin_socket = $folder/run/\$cluster-\$name.asok
pid_file = $folder/run/\$name.pid
log_file = $folder/run/\$name.log
mon_cluster_log_file = $folder/run/cluster.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
# It writes no log of its working.
debug_mon = 0
debug_osd = 0
debug_bluestore = 0
debug_rocksdb = 0
debug_ms = 0
debug_rgw = 0
debug_paxos = 0
[mon.a]
mon_data = $folder/mon
[mgr.x]
mgr_data = $folder/mgr
mgr_initial_modules =
[osd.0]
osd_data = $folder/osd
osd_objectstore = bluestore
bluestore_block_size = $((gigabytes << 30))
osd_memory_target = $((3 << 29))
osd_op_num_shards = 2
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_data = $folder/rgw
# Without tcp_nodelay every answer waits 40 ms.
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_enable_apis = s3, admin
# What was removed is freed at once instead of after two hours.
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 20
rgw_gc_processor_max_time = 20
CONF

: > "$keyring"
for who in mon. client.admin osd.0 mgr.x client.rgw; do
    ceph-authtool "$keyring" --gen-key -n "$who" \
        --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
done
monmaptool --create --fsid "$cluster" --addv a "$monitors" --set-min-mon-release pacific \
    "$folder/monmap"
ceph-mon --mkfs -i a --monmap "$folder/monmap" --keyring "$keyring"
ceph-mon -i a
ceph osd new "$store"
ceph-osd -i 0 --mkfs --osd-uuid "$store"
ceph osd crush add osd.0 1.0 host=one root=default
ceph-mgr -i x
ceph-osd -i 0
radosgw -n client.rgw
radosgw-admin user create --uid=reid --display-name=reid \
    --access-key="$AWS_ACCESS_KEY_ID" --secret-key="$AWS_SECRET_ACCESS_KEY" > /dev/null
