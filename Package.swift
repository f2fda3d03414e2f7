// swift-tools-version: 6.2
import PackageDescription

// The layout shows the architecture (docs/architecture.md): each C library is a system-library target that exactly one
// Swift target imports, and arrows point only downwards: Wire <- Pipeline <- Reporting <- BoundaryLogProxy <- daemon.

let package = Package(
    name: "boundary-log-proxy",
    products: [
        .library(name: "BoundaryLogProxy", targets: ["BoundaryLogProxy"]),
        // Of scripts/build-library, which makes libboundarylogproxy.so of it.
        .library(name: "BoundaryLogProxyC", type: .static, targets: ["BoundaryLogProxyC"]),
        .executable(name: "boundary-log-proxy", targets: ["boundary-log-proxy"]),
        .executable(name: "boundary-flood", targets: ["boundary-flood"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // C libraries, one importer each.
        .systemLibrary(name: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        // Debian's libwslay-dev has no pkg-config file; it is found where the system keeps its libraries.
        .systemLibrary(name: "CWslay", providers: [.apt(["libwslay-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CLandlock"),

        // The sans-IO core.
        .target(name: "Wire", swiftSettings: [.strictMemorySafety()]),
        // The simulation plants bugs, and must find them (Canary.swift); a release has none of it.
        .target(name: "Pipeline", dependencies: ["Wire"], swiftSettings: [.define("CANARIES", .when(configuration: .debug))]),

        // The outside world.
        .target(name: "Spool", dependencies: ["Pipeline", "Wire", "CSQLite", "CXXHash"]),
        .target(name: "EventLoop", dependencies: ["CLibUV"]),
        .target(name: "HTTPServer", dependencies: ["EventLoop", "CMicrohttpd"]),
        .target(name: "Reporting", dependencies: ["Wire", "Pipeline", "EventLoop", "CCurl", "CZstd", "CZlib", "CWslay", "CCrypto"]),

        // Of the daemon alone: what holds for a whole process is no library's to decide.
        .target(name: "Sandbox", dependencies: ["CSeccomp", "CLandlock"]),

        // The product.
        .target(name: "StatusWebPage", resources: [.embedInCode("page.html")]),
        .target(
            name: "BoundaryLogProxy",
            dependencies: [
                "Wire", "Pipeline", "EventLoop", "HTTPServer", "Reporting", "Spool", "StatusWebPage", "CYAML", "CMalloc",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "boundary-log-proxy",
            dependencies: [
                "BoundaryLogProxy", "EventLoop", "Sandbox", "Spool", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        // The product for C: the header, and what is behind it.
        .target(name: "CBoundaryLogProxy"),
        .target(
            name: "BoundaryLogProxyC",
            dependencies: [
                "CBoundaryLogProxy", "BoundaryLogProxy", "EventLoop", "Pipeline", "Reporting", "Wire",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "Flood",
            dependencies: [
                "Wire", "EventLoop", "HTTPServer", "CZstd", "CZlib",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),
        .executableTarget(
            name: "boundary-flood",
            dependencies: [
                "Flood",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Tests. `Oracle` is swift-protobuf's reading of the wire, against which ours is checked; never on the data path.
        .target(
            name: "Oracle", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            path: "Tests/Oracle", exclude: ["README.md", "Protos", "Go"]),
        .target(
            name: "BenchmarkCases", dependencies: ["Wire", "Pipeline", "Spool", "Reporting", "TestSupport"], path: "Benchmarks/Cases"),
        .executableTarget(name: "boundary-bench", dependencies: ["BenchmarkCases", "Wire", "Oracle"], path: "Benchmarks/Micro"),
        .systemLibrary(name: "CGNU", path: "Tests/CGNU"),
        .target(name: "TestSupport", dependencies: ["Wire", "CGNU"], path: "Tests/TestSupport"),
        .executableTarget(name: "wire-differential", dependencies: ["Wire", "Oracle", "TestSupport"], path: "Tests/Differential"),
        .executableTarget(name: "sandbox-probe", dependencies: ["Sandbox", "CGNU"], path: "Tests/SandboxProbe"),
        .target(name: "Simulation", dependencies: ["Pipeline", "Wire"], path: "Tests/Simulation"),
        .executableTarget(name: "simulate", dependencies: ["Simulation", "Pipeline"], path: "Tests/Simulate"),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "Pipeline"]),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "wire-differential", "Oracle", "TestSupport"],
            resources: [.copy("Vectors")]),
        .testTarget(name: "PipelineTests", dependencies: ["Pipeline", "Wire", "TestSupport"]),
        .testTarget(name: "SpoolTests", dependencies: ["Spool", "Pipeline", "Wire", "TestSupport"]),
        .testTarget(name: "SandboxTests", dependencies: ["sandbox-probe", "TestSupport"]),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "TestSupport"]),
        .testTarget(name: "HTTPServerTests", dependencies: ["HTTPServer", "EventLoop", "TestSupport"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting", "HTTPServer", "Oracle", "TestSupport"]),
        .testTarget(
            name: "BoundaryLogProxyTests",
            dependencies: ["BoundaryLogProxy", "EventLoop", "HTTPServer", "Pipeline", "Wire", "TestSupport"]),
        .testTarget(name: "FloodTests", dependencies: ["Flood", "Wire", "TestSupport"]),
        .testTarget(name: "DaemonTests", dependencies: ["boundary-log-proxy", "boundary-flood", "sandbox-probe", "Flood", "Pipeline", "Spool", "TestSupport", "Wire"]),
    ],
    swiftLanguageModes: [.v6]
)
