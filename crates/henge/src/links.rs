//! The binary called through a link that has the name of one of Cassandra's programs.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Names of links, and the command that each stands for.
const LINKS: [(&str, &str); 2] = [("cqlsh", "shell"), ("nodetool", "admin")];

/// The command line with the command that the link stands for; as it is if the binary has another name.
pub(crate) fn expand_link(arguments: Vec<OsString>) -> Vec<OsString> {
    let called = arguments.first().and_then(|path| Path::new(path).file_name());
    let Some((link, command)) = LINKS.iter().find(|(link, _)| called == Some(OsStr::new(link))) else {
        return arguments;
    };
    let mut expanded = vec![OsString::from("henge"), OsString::from(command)];
    expanded.extend(arguments.into_iter().skip(1));
    if *link == "nodetool" {
        rename_host(&mut expanded[2..]);
    }
    expanded
}

/// Renames the `-h` of nodetool, which stands before the command and has a host, to `-H`: `-h` alone asks for help.
fn rename_host(options: &mut [OsString]) {
    let mut at = 0;
    while at + 1 < options.len() && options[at].as_encoded_bytes().starts_with(b"-") {
        let is_host = options[at] == "-h" && !options[at + 1].as_encoded_bytes().starts_with(b"-");
        if is_host {
            options[at] = OsString::from("-H");
        }
        // A value stands apart, unless it is behind an equals sign.
        at += if options[at].as_encoded_bytes().contains(&b'=') { 1 } else { 2 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(line: &str) -> String {
        let arguments = expand_link(line.split(' ').map(OsString::from).collect());
        arguments.iter().map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn links_stand_for_their_commands() {
        assert_eq!(expand("/usr/local/bin/cqlsh -e X host"), "henge shell -e X host");
        assert_eq!(expand("cqlsh"), "henge shell");
        assert_eq!(expand("./nodetool status"), "henge admin status");
        for other in ["/opt/cqlsh/henge shell", "henge admin -h", "cqlsh2 server", "henge"] {
            assert_eq!(expand(other), other);
        }
    }

    #[test]
    fn the_host_of_nodetool_is_not_help() {
        assert_eq!(expand("nodetool -h 10.0.0.1 status"), "henge admin -H 10.0.0.1 status");
        assert_eq!(expand("nodetool -p 7199 -h 10.0.0.1 status"), "henge admin -p 7199 -H 10.0.0.1 status");
        assert_eq!(expand("nodetool --port=7199 -h ::1 status"), "henge admin --port=7199 -H ::1 status");
        for help in ["-h", "status -h", "snapshot -t -h x", "-h --format json status"] {
            assert_eq!(expand(&format!("nodetool {help}")), format!("henge admin {help}"));
        }
    }
}
