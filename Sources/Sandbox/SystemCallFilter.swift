internal import CSeccomp
internal import Glibc

/// A seccomp filter, by libseccomp: which system calls the process may make, and what happens at the others. Names that this machine's architecture or
/// libseccomp does not know are passed over; the call gets the default then.
///
/// https://man7.org/linux/man-pages/man3/seccomp_rule_add.3.html
public struct SystemCallFilter: ~Copyable {
    public enum Action: Equatable, Sendable {
        case allow
        /// The call returns this errno and has no effect.
        case refuse(Int32)
        case killProcess

        fileprivate var value: UInt32 {
            switch self {
            case .allow: blp_seccomp_allow
            case .refuse(let code): blp_seccomp_errno(UInt16(code))
            case .killProcess: blp_seccomp_kill_process
            }
        }
    }

    /// Of one argument, counted from 0.
    public struct Condition: Sendable {
        fileprivate var argument: UInt32
        fileprivate var comparison: scmp_compare
        fileprivate var first: UInt64
        fileprivate var second: UInt64

        public static func equal(_ argument: UInt32, _ value: UInt64) -> Condition {
            Condition(argument: argument, comparison: SCMP_CMP_EQ, first: value, second: 0)
        }
        public static func notEqual(_ argument: UInt32, _ value: UInt64) -> Condition {
            Condition(argument: argument, comparison: SCMP_CMP_NE, first: value, second: 0)
        }
        public static func greater(_ argument: UInt32, than value: UInt64) -> Condition {
            Condition(argument: argument, comparison: SCMP_CMP_GT, first: value, second: 0)
        }
        /// Of the bits in `mask`.
        public static func bits(_ argument: UInt32, _ mask: UInt64, _ value: UInt64) -> Condition {
            Condition(argument: argument, comparison: SCMP_CMP_MASKED_EQ, first: mask, second: value)
        }
    }

    private let context: scmp_filter_ctx
    private let standard: Action
    /// The first error, for `load`.
    private var code: Int32 = 0

    /// `standard`: what happens at calls without a rule.
    public init(standard: Action) {
        guard let context = seccomp_init(standard.value) else { fatalError("no memory for a seccomp filter") }
        self.context = context
        self.standard = standard
    }

    deinit { seccomp_release(context) }

    /// A rule for each of the calls: all conditions hold. Where several rules hold, the more severe one wins.
    public mutating func add(_ action: Action, _ calls: [String], where conditions: [Condition] = []) {
        guard action != standard else { return }
        for call in calls {
            let number = seccomp_syscall_resolve_name(call)
            guard number >= 0 else { continue }
            let comparisons = conditions.map { scmp_arg_cmp(arg: $0.argument, op: $0.comparison, datum_a: $0.first, datum_b: $0.second) }
            let result = seccomp_rule_add_array(context, action.value, number, UInt32(comparisons.count), comparisons)
            if code == 0 { code = -result }
        }
    }

    /// From now on, for all threads (TSYNC). A process without CAP_SYS_ADMIN must have given up new privileges.
    func load(settingNoNewPrivileges: Bool) throws(Sandbox.Failure) {
        guard code == 0 else { throw Sandbox.Failure(code, "the filter's rules") }
        for (attribute, value) in [
            (SCMP_FLTATR_CTL_NNP, settingNoNewPrivileges ? 1 : 0), (SCMP_FLTATR_CTL_TSYNC, 1),
            // A binary tree: a call that is seldom costs the same as one that is frequent.
            (SCMP_FLTATR_CTL_OPTIMIZE, 2),
            // The kernel's own errors instead of ECANCELED.
            (SCMP_FLTATR_API_SYSRAWRC, 1),
        ] {
            let result = seccomp_attr_set(context, attribute, UInt32(value))
            guard result == 0 else { throw Sandbox.Failure(-result, "the filter's attributes") }
        }
        let result = seccomp_load(context)
        guard result == 0 else { throw Sandbox.Failure(-result, "seccomp") }
    }

    /// As `load`, where an error is the caller's end. For tests.
    public func load() {
        do { try load(settingNoNewPrivileges: true) } catch { fatalError("\(error)") }
    }
}
