import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationTableTests {
    @Test(arguments: Options.all.map(\.name))
    func everyRowIsWhole(name: String) throws {
        let option = try #require(Options.named(name))
        #expect(name.utf8.allSatisfy { (97...122).contains($0) || $0 == UInt8(ascii: "-") })
        #expect(option.environmentVariable == "BOUNDARY_LOG_PROXY_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 }))
        #expect(option.valueName == option.valueName.uppercased() && !option.valueName.isEmpty)
        #expect(!option.defaultText.isEmpty)
        #expect(option.help.hasSuffix("."))
        #expect(option.helpText.contains(option.environmentVariable) && option.helpText.contains(option.defaultText))
    }

    @Test func namesAreUnique() {
        #expect(Set(Options.all.map(\.name)).count == Options.all.count)
        #expect(Set(Options.all.map(\.environmentVariable)).count == Options.all.count)
    }

    @Test func defaultsAreValid() throws {
        for option in Options.all {
            var configuration = Configuration()
            let values = option.values(configuration)
            if !values.isEmpty { try option.assign(&configuration, values) }
            #expect(option.values(configuration) == values)
        }
    }
}
