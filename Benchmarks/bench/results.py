"""All figures of a run: by section and case, one dictionary for each time that the case was measured."""

import json
import os

from .figures import Summary, ratios


class Results:
    def __init__(self, about=None):
        # What was run, and where: machine, commit, date, command.
        self.about = about or {}
        self._cases = {}
        # What went wrong without ending the run, one sentence each.
        self.complaints = []

    def add(self, section, case, figures):
        self._cases.setdefault(section, {}).setdefault(case, []).append(figures)

    def sections(self):
        return list(self._cases)

    def cases(self, section):
        return list(self._cases.get(section, {}))

    def runs(self, section, case):
        """The figures of each run, in the order in which they were measured; empty when it was not."""
        return self._cases.get(section, {}).get(case, [])

    def values(self, section, case, name):
        return [run[name] for run in self.runs(section, case) if run.get(name) is not None]

    def summary(self, section, case, name):
        """None when it was not measured."""
        values = self.values(section, case, name)
        return Summary.of(values) if values else None

    def ratio(self, section, case, base, name):
        """Of two cases that were measured in turn: the summary of their ratios, round by round. None without both."""
        found = ratios(self.values(section, case, name), self.values(section, base, name))
        return Summary.of(found) if found else None

    def save(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump({"about": self.about, "complaints": self.complaints, "cases": self._cases}, file, indent=1)

    @classmethod
    def load(cls, path):
        with open(path) as file:
            content = json.load(file)
        results = cls(content["about"])
        results.complaints = content["complaints"]
        results._cases = content["cases"]
        return results
