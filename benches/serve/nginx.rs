//! Debian's nginx with the same bytes as a file.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub struct Nginx {
    pub port: u16,
    child: Child,
    _folder: TempDir,
}

impl Nginx {
    /// Serves `body` at `/metrics`, as gzip where it is that.
    pub fn serve(body: &[u8], gzip: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::write(at.join("metrics"), body).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let coding = if gzip { "add_header Content-Encoding gzip;" } else { "" };
        let user = if rustix::process::getuid().is_root() { "user root;" } else { "" };
        let config = format!(
            "{user} worker_processes 2; daemon off; pid {at}/pid; error_log stderr crit;
             events {{ worker_connections 1024; }}
             http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=10;
             keepalive_requests 1000000000; default_type text/plain;
             client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path {at}/c;
             uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;
             server {{ listen 127.0.0.1:{port}; root {at}; {coding} }} }}",
            at = at.display()
        );
        std::fs::write(at.join("nginx.conf"), config).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new("nginx")
            .env("PATH", path)
            .arg("-c")
            .arg(at.join("nginx.conf"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let there = |_| {
            std::thread::sleep(Duration::from_millis(20));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        };
        assert!((0..250).any(there), "nginx does not start");
        Self { port, child, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it when it is asked to.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
