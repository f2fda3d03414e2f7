import ArgumentParser
import BoundaryLogProxy

// Options are texts here: the option table's own parsers read them, so that a value means the same wherever it is given.

extension Option where Value == String? {
    init(table name: String) {
        let option = OptionDescriptor.inTable(name)
        self.init(name: .customLong(name), help: option.argumentHelp, completion: option.completion)
    }
}

extension Option where Value == [String] {
    init(wrappedValue: [String], table name: String) {
        let option = OptionDescriptor.inTable(name)
        self.init(wrappedValue: wrappedValue, name: .customLong(name), help: option.argumentHelp, completion: option.completion)
    }
}

extension [(String, String?)] {
    /// Those that have a value.
    var flattened: [(name: String, value: String)] { compactMap { name, value in value.map { (name, $0) } } }
}

extension OptionDescriptor {
    fileprivate static func inTable(_ name: String) -> OptionDescriptor {
        guard let option = Options.named(name) else { preconditionFailure("\(name) is not in the option table") }
        return option
    }

    fileprivate var argumentHelp: ArgumentHelp { ArgumentHelp(stringLiteral: helpText).named(valueName) }

    fileprivate var completion: CompletionKind? {
        switch kind {
        case .path, .socketPath: .file()
        case .enumeration(let values): .list(values)
        default: nil
        }
    }
}

extension ArgumentHelp {
    fileprivate func named(_ valueName: String) -> ArgumentHelp {
        var help = self
        help.valueName = valueName
        return help
    }
}
