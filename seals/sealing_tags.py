"""The seal's place in the structure of a tagged page (PDF/UA): a Form element that a screen reader comes to."""

from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from seals.sealing_page import Writer, named


def tag(writer: Writer, widget: Any, page: Any) -> int:
    """Give a widget its Form element, object reference and parent-tree entry (ISO 14289-1 7.18.4, ISO 32000-1 14.7.4).

    The result is the widget's key in the parent tree, for its /StructParent.
    """
    tree = writer.root["/StructTreeRoot"]
    parent, above = document(writer)
    on = named(page)
    about = b"/Type /StructElem\n/S /Form\n/P %s\n/Pg %s\n" % (named(above), on)
    element = writer.add(b"<<\n%s/K <</Type /OBJR /Pg %s /Obj %s>>\n>>" % (about, on, named(widget)))
    parent[pdf_name("/K")] = generic.ArrayObject([*kids(parent), element])
    writer.update_container(parent)
    key = int(tree["/ParentTreeNextKey"])
    add_number(writer, tree["/ParentTree"], generic.NumberObject(key), element)
    tree[pdf_name("/ParentTreeNextKey")] = generic.NumberObject(key + 1)
    writer.update_container(tree)
    return key


def kids(element: Any) -> list[Any]:
    """The children of a structure element, references left as they are (ISO 32000-1 14.7.2: an array, one child or none)."""
    if "/K" not in element:
        return []
    found = element["/K"]
    return list(found) if isinstance(found, list) else [element.raw_get("/K")]


def document(writer: Any) -> tuple[Any, Any]:
    """The element under which the seal is tagged, and its reference: the Document element, or else the root of the tree."""
    tree = writer.root["/StructTreeRoot"]
    for kid in kids(tree):
        if isinstance(kid, generic.IndirectObject) and kid.get_object().get("/S") == "/Document":
            return kid.get_object(), kid
    return tree, writer.root.raw_get("/StructTreeRoot")


def add_number(writer: Any, tree: Any, key: generic.NumberObject, value: Any) -> None:
    """Append the largest key to a number tree (ISO 32000-1 7.9.7)."""
    if "/Nums" in tree:
        tree[pdf_name("/Nums")] = generic.ArrayObject([*tree["/Nums"], key, value])
    else:
        leaf = generic.DictionaryObject(
            {
                pdf_name("/Limits"): generic.ArrayObject([key, key]),
                pdf_name("/Nums"): generic.ArrayObject([key, value]),
            }
        )
        tree[pdf_name("/Kids")] = generic.ArrayObject([*tree["/Kids"], writer.add_object(leaf)])
    writer.update_container(tree)
