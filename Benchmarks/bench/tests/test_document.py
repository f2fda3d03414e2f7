import os
import unittest

from bench import document, tables

TEXT = "# T\n\nby hand\n\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nalso by hand\n<!-- bench:b -->\n<!-- /bench:b -->\n"


class Document(unittest.TestCase):
    def test_only_what_is_between_the_markers_changes(self):
        text = document.fill(TEXT, {"a": "| new |"})
        self.assertEqual(text, TEXT.replace("old", "\n| new |\n"))

    def test_filling_twice_is_filling_once(self):
        contents = {"a": "x\ny", "b": "z"}
        once = document.fill(TEXT, contents)
        self.assertEqual(document.fill(once, contents), once)

    def test_content_may_hold_anything(self):
        self.assertIn("\\1 \\g<0> $&", document.fill(TEXT, {"a": "\\1 \\g<0> $&"}))

    def test_what_cannot_be_filled_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no place for c"):
            document.fill(TEXT, {"c": ""})
        with self.assertRaisesRegex(ValueError, "twice"):
            document.fill(TEXT + TEXT, {"a": ""})
        with self.assertRaisesRegex(ValueError, "not ended"):
            document.fill(TEXT.replace("<!-- /bench:a -->", ""), {"a": ""})

    def test_ours_has_all_places(self):
        path = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "performance.md")
        with open(path) as file:
            self.assertEqual(sorted(document.places(file.read())), sorted(tables.PLACES))
