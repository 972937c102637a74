"""Holds the messages of the election service: the stub beside this file lists them."""

from etcdobs._wire import package

globals().update(package("v3electionpb"))
