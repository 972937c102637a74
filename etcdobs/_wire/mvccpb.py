"""Holds the messages of the store, keys and events: the stub beside this file lists them."""

from etcdobs._wire import package

globals().update(package("mvccpb"))
