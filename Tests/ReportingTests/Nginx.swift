import Glibc
import TestSupport

/// A real web server in front of a test's peer. It is given its sockets (nginx takes them from the variable NGINX, as when it replaces its
/// own program), so that ports are free and connections wait until it is up.
final class Nginx {
    static let path = "/usr/sbin/nginx"
    static var isInstalled: Bool { access(path, X_OK) == 0 }

    struct Site {
        var listener = RawPeer.listen()
        /// After `listen address`, e.g. `ssl http2`.
        var options: String
        /// nginx directives.
        var directives: String

        var port: UInt16 { listener.port }

        init(options: String = "ssl http2", _ directives: String) {
            self.options = options
            self.directives = directives
        }
    }

    let directory = TemporaryDirectory()
    private let process: ChildProcess

    /// All sites pass requests on to `backend`, and log `$http_authorization`.
    init(_ sites: [Site], backend: UInt16) throws {
        let servers = sites.map { site in
            """
            server {
                listen 127.0.0.1:\(site.port) \(site.options);
                \(site.directives)
                location / { proxy_pass http://127.0.0.1:\(backend); }
            }
            """
        }
        writeFile(
            directory.path("nginx.conf"),
            """
            daemon off;
            worker_processes 1;
            user \(String(cString: getpwuid(geteuid()).pointee.pw_name)) \(String(cString: getgrgid(getegid()).pointee.gr_name));
            pid \(directory.path("pid"));
            error_log stderr;
            events { worker_connections 512; }
            http {
                log_format seen '$request "$http_authorization"';
                access_log \(directory.path("access.log")) seen;
                client_max_body_size 64m;
                client_body_temp_path \(directory.path("body"));
                proxy_temp_path \(directory.path("proxy"));
                fastcgi_temp_path \(directory.path("fastcgi"));
                uwsgi_temp_path \(directory.path("uwsgi"));
                scgi_temp_path \(directory.path("scgi"));
                \(servers.joined(separator: "\n"))
            }

            """)
        process = try ChildProcess(
            [Self.path, "-p", directory.path, "-c", directory.path("nginx.conf")], output: directory.path("nginx.log"),
            environment: ["NGINX=" + sites.map { "\($0.listener.descriptor);" }.joined()], inheriting: sites.map(\.listener.descriptor))
        for site in sites { close(site.listener.descriptor) }
    }

    /// At once, in the middle of whatever it does.
    func kill() {
        Glibc.kill(process.id, SIGTERM)
        process.wait()
    }

    var log: String { String(decoding: readFile(directory.path("nginx.log")), as: UTF8.self) }
    var accessLog: String { String(decoding: readFile(directory.path("access.log")), as: UTF8.self) }
}
