"""Decides what can be done with the value under the cursor."""

from .verb import Verb

VERBS = (
    Verb(
        "as",
        "read the value and its neighbours in another form; :as auto goes back",
        lambda view, form: view.value.read_as(form) if form else view.value.next_form(),
        "x",
        scope="keys",
        hint="as",
        argument="FORM",
    ),
    Verb("copy-value", "copy the value", lambda view, _: view.value.copy(), "Y", scope="keys"),
    Verb(
        "pager",
        "show the value in $PAGER",
        lambda view, _: view.value.page(),
        "V",
        scope="keys",
    ),
    Verb(
        "wrap",
        "wrap the long lines of the value, or not",
        lambda view, _: view.value.wrap(),
        "W",
        scope="keys",
    ),
    Verb(
        "reveal",
        "show what a Secret holds, or cover it again",
        lambda view, _: view.value.reveal(),
        "s",
        scope="keys",
    ),
    Verb(
        "find",
        "search within the value: / there, n N for the next",
        lambda view, text: view.value.find(text),
        scope="keys",
        argument="TEXT",
    ),
    Verb(
        "fold",
        "close or open the part at the value's cursor: Enter there",
        lambda view, _: view.value.view.action_fold(),
        scope="keys",
    ),
    Verb(
        "descriptors",
        "read values as a protobuf message of a descriptor set",
        lambda view, argument: view.value.use_descriptors(argument),
        scope="keys",
        argument="FILE MESSAGE [PREFIX]",
    ),
)
