"""Holds the messages of the services that every etcd member serves: the stub beside this file lists them."""

from etcdobs._wire import package

globals().update(package("etcdserverpb"))
