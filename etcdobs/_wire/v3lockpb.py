"""Holds the messages of the lock service: the stub beside this file lists them."""

from etcdobs._wire import package

globals().update(package("v3lockpb"))
