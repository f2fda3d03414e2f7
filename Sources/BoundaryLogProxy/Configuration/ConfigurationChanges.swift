/// What a configuration that was read anew changes of the one in effect, option by option.
public struct ConfigurationChanges: Sendable {
    public struct Change: Sendable {
        public let name: String
        /// As it may be shown: secrets masked.
        public let old: String
        public let new: String
        /// Applied while the proxy runs; otherwise it waits for a restart.
        public let isLive: Bool

        /// `flush-interval: 100ms → 1s`
        public var text: String { old == new ? "\(name): changed (\(new))" : "\(name): \(old) → \(new)" }
    }

    /// In the order of the option table.
    public let all: [Change]
    /// The configuration in effect with all that can be changed while the proxy runs.
    public let result: Configuration

    init(from old: Configuration, to new: Configuration) {
        var all: [Change] = []
        var result = old
        for option in Options.all {
            let (before, after) = (option.values(old), option.values(new))
            if before == after {
                result.sources[option.name] = new.sources[option.name]
                continue
            }
            // What another option keeps from having an effect, before or after, comes with that option: at a restart.
            let isLive = option.isLive && old.disabler(of: option) == nil && new.disabler(of: option) == nil
            if isLive {
                option.copy(&result, new)
                result.sources[option.name] = new.sources[option.name]
            }
            all.append(Change(name: option.name, old: Self.text(before, option), new: Self.text(after, option), isLive: isLive))
        }
        result.warnings = new.warnings
        self.all = all
        self.result = result
    }

    public var live: [Change] { all.filter(\.isLive) }
    public var waiting: [Change] { all.filter { !$0.isLive } }

    func concerns(_ name: String) -> Bool { all.contains { $0.isLive && $0.name == name } }
    /// An option of this section has changed.
    func concerns(_ section: OptionSection) -> Bool { all.contains { $0.isLive && Options.named($0.name)?.section == section } }

    private static func text(_ values: [String], _ option: OptionDescriptor) -> String {
        values.isEmpty ? "not set" : values.map { Printable.text(option.mask($0)) }.joined(separator: ", ")
    }
}
