"""docs/performance.md: tables are written anew between markers, the words around them stay."""

import re


def begin(name):
    return f"<!-- bench:{name} -->"


def end(name):
    return f"<!-- /bench:{name} -->"


def places(text):
    """The names of the places in a document, in its order. ValueError for one that is not ended or that is there twice."""
    names = re.findall(r"<!-- bench:(\S+) -->", text)
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the place {name} is there twice")
        if text.find(end(name)) < text.find(begin(name)):
            raise ValueError(f"the place {name} is not ended")
    return names


def fill(text, contents):
    """`text` with what `contents` has for each of its places; all else is left as it is. ValueError for content without a place."""
    names = places(text)
    missing = [name for name in contents if name not in names]
    if missing:
        raise ValueError(f"the document has no place for {', '.join(missing)}")
    for name, content in contents.items():
        before, rest = text.split(begin(name), 1)
        after = rest.split(end(name), 1)[1]
        text = f"{before}{begin(name)}\n\n{content.strip()}\n\n{end(name)}{after}"
    return text
