"""Holds the messages for users, roles and permissions: the stub beside this file lists them."""

from etcdobs._wire import package

globals().update(package("authpb"))
