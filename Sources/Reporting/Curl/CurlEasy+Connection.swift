internal import CCurl
import Pipeline

extension CurlEasy {
    /// What every connection of ours has in common: where to, by which protocols, how verified, how long it may take to make.
    func setConnection(to url: String, tls: TLSOptions, timeout: Duration, userAgent: String) {
        set(CURLOPT_URL, url)
        // Neither a redirect nor a proxy variable can lead us to another protocol; redirects are not followed at all.
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_USERAGENT, userAgent.isEmpty ? nil : userAgent)

        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let caFile = tls.caFile {
            set(CURLOPT_CAINFO, caFile)
            // Debian's libcurl would look into /etc/ssl/certs besides.
            set(CURLOPT_CAPATH, nil as String?)
            // A file that was replaced counts for the next connection, not a day later. (The system's bundle is costly to read, and stays
            // cached.)
            set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        }
        if let certificate = tls.clientCertificateFile {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, tls.clientKeyFile ?? certificate)
        }

        set(CURLOPT_CONNECTTIMEOUT_MS, timeout.curlMilliseconds)
        set(CURLOPT_NOSIGNAL, 1)
        // Else giving up while a name is being resolved would wait, here, for the thread that resolves it.
        set(CURLOPT_QUICK_EXIT, 1)
    }
}

extension Duration {
    /// At least 1: 0 means no limit to libcurl.
    var curlMilliseconds: Int { Int(max(1, wholeNanoseconds / 1_000_000)) }
}
