import BoundaryLogProxy
public import CBoundaryLogProxy

// The functions of the header, which has their documentation; the compiler holds their types against it.

@c @implementation
public func blp_config_new(_ config: UnsafeMutablePointer<OpaquePointer?>?) -> CInt {
    answer { () throws(APIError) in
        guard let config else { throw .isNull("config") }
        config.pointee = Handles.issue(HostConfiguration())
    }
}

@c @implementation
public func blp_config_set(_ config: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?) -> CInt {
    answer { () throws(APIError) in
        let configuration = try Handles.target(config, as: HostConfiguration.self, "config")
        let (name, value) = (try text(name, "name"), try text(value, "value"))
        try configuration.change { content throws(ConfigurationError) in try content.builder.apply(name, value, source: .program) }
    }
}

@c @implementation
public func blp_config_load(_ config: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> CInt {
    answer { () throws(APIError) in
        let configuration = try Handles.target(config, as: HostConfiguration.self, "config")
        let path = try text(path, "path")
        try configuration.change { content throws(ConfigurationErrors) in try content.builder.apply(file: path) }
    }
}

@c @implementation
public func blp_config_load_environment(_ config: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in
        let configuration = try Handles.target(config, as: HostConfiguration.self, "config")
        let environment = ProcessEnvironment.current
        try configuration.change { content throws(ConfigurationErrors) in try content.builder.apply(environment: environment) }
    }
}

@c @implementation
public func blp_config_set_log(_ config: OpaquePointer?, _ fn: blp_log_fn?, _ context: UnsafeMutableRawPointer?) -> CInt {
    answer { () throws(APIError) in
        let configuration = try Handles.target(config, as: HostConfiguration.self, "config")
        let callback = fn.map { (function: $0, context: context) }
        try configuration.change { content throws(ConfigurationErrors) in content.callbacks.log = callback }
    }
}

@c @implementation
public func blp_config_set_reporter(_ config: OpaquePointer?, _ fn: blp_report_fn?, _ context: UnsafeMutableRawPointer?) -> CInt {
    answer { () throws(APIError) in
        let configuration = try Handles.target(config, as: HostConfiguration.self, "config")
        let callback = fn.map { (function: $0, context: context) }
        try configuration.change { content throws(ConfigurationErrors) in content.callbacks.report = callback }
    }
}

@c @implementation
public func blp_config_free(_ config: OpaquePointer?) -> CInt {
    answer { () throws(APIError) in
        guard let config else { return }
        _ = try Handles.target(config, as: HostConfiguration.self, "config")
        guard Handles.revoke(config) else { throw APIError(BLP_E_INVALID, "config was freed") }
    }
}
