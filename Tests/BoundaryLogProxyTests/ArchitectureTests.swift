import Glibc
import Testing

/// docs/architecture.md, rules 2, 3 and 5, read from the sources themselves.
@Suite struct ArchitectureTests {
    /// Module name of each import, by target, of all files below Sources.
    static let imports: [String: Set<String>] = {
        let root = String(#filePath.dropLast("Tests/BoundaryLogProxyTests/ArchitectureTests.swift".count)) + "Sources"
        var found: [String: Set<String>] = [:]
        for target in entries(root) {
            for path in swiftFiles("\(root)/\(target)") {
                for line in read(path).split(separator: "\n") {
                    let words = line.split(separator: " ")
                    guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                        words[..<keyword].allSatisfy({ $0.hasPrefix("@") || ["internal", "private", "public", "package"].contains($0) })
                    else { continue }
                    found[target, default: []].insert(String(words[keyword + 1]))
                }
            }
        }
        return found
    }()

    @Test func eachCLibraryHasOneImporterInTheProduct() {
        let owners = [
            "CLibUV": ["EventLoop"], "CCurl": ["Reporting"], "CMicrohttpd": ["HTTPServer"], "CYAML": ["BoundaryLogProxy"],
            "CMalloc": ["BoundaryLogProxy"], "CWslay": ["Reporting"], "CCrypto": ["Reporting"], "CZlib": ["Flood", "Reporting"], "CXXHash": ["Spool"], "CSQLite": ["Spool"],
            "CZstd": ["Flood", "Reporting"], "CSeccomp": ["Sandbox"], "CLandlock": ["Sandbox"],
        ]
        for (module, expected) in owners {
            #expect(Self.imports.filter { $0.value.contains(module) }.keys.sorted() == expected, "\(module)")
        }
    }

    @Test func theCoreImportsNothingOfTheWorld() {
        #expect(Self.imports["Wire", default: []].isEmpty)
        #expect(Self.imports["Pipeline"] == ["Wire"])
    }

    @Test func arrowsPointOnlyDownwards() {
        let below: [String: Set<String>] = [
            "EventLoop": [], "Sandbox": [], "StatusWebPage": [], "HTTPServer": ["EventLoop"], "Spool": ["Wire", "Pipeline"], "Reporting": ["Wire", "Pipeline", "EventLoop"],
            "BoundaryLogProxy": ["Wire", "Pipeline", "EventLoop", "HTTPServer", "Reporting", "Spool", "StatusWebPage"],
        ]
        let ours = Set(Self.imports.keys)
        for (target, allowed) in below {
            #expect(Self.imports[target, default: []].intersection(ours).isSubset(of: allowed), "\(target)")
        }
    }

    @Test func nobodyImportsFoundation() {
        for (target, modules) in Self.imports {
            #expect(modules.allSatisfy { !$0.hasPrefix("Foundation") }, "\(target)")
        }
    }

    // MARK: Files

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func swiftFiles(_ path: String) -> [String] {
        entries(path).flatMap { name -> [String] in
            name.hasSuffix(".swift") ? ["\(path)/\(name)"] : name.contains(".") ? [] : swiftFiles("\(path)/\(name)")
        }
    }

    private static func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
