import ArgumentParser

/// Durations and sizes as people write them.
enum Quantity {
    /// `250ms`, `1.5s`, `2m`
    struct Time: ExpressibleByArgument {
        var value: Duration

        init?(argument: String) {
            guard let (number, unit) = Quantity.split(argument) else { return nil }
            switch unit {
            case "us": value = .seconds(number / 1e6)
            case "ms": value = .seconds(number / 1e3)
            case "s": value = .seconds(number)
            case "m", "min": value = .seconds(number * 60)
            case "h": value = .seconds(number * 3600)
            default: return nil
            }
        }
    }

    /// `4096`, `64KiB`, `16MiB`, `1MB`
    struct Size: ExpressibleByArgument {
        var value: Int

        init?(argument: String) {
            guard let (number, unit) = Quantity.split(argument) else { return nil }
            let factor: Double
            switch unit {
            case "", "B": factor = 1
            case "KiB": factor = 1024
            case "MiB": factor = 1_048_576
            case "GiB": factor = 1_073_741_824
            case "kB", "KB": factor = 1e3
            case "MB": factor = 1e6
            case "GB": factor = 1e9
            default: return nil
            }
            guard let value = Int(exactly: (number * factor).rounded()) else { return nil }
            self.value = value
        }
    }

    private static func split(_ text: String) -> (Double, String)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number < 1e15 else { return nil }
        return (number, String(text.dropFirst(digits.count)))
    }
}
