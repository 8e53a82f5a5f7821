//! The edges of `server` to other crates, as decision 13 allows them. Every other crate is met through `node`.

/// The crates that `server` depends on.
const SERVER_EDGES: [&str; 8] = ["backup", "node", "operator", "protocol", "rocks", "settings", "storage", "transport"];

/// The crates of this workspace that a manifest names as dependencies, in order.
fn edges(manifest: &str) -> Vec<&str> {
    let dependencies = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let names = dependencies.take_while(|line| !line.starts_with('['));
    let mut edges: Vec<&str> =
        names.filter_map(|line| line.strip_prefix("henge-")?.split(['.', ' ', '=']).next()).collect();
    edges.sort_unstable();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_depends_on_few_crates() {
        let path = std::path::Path::new("../server/Cargo.toml");
        let manifest = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(edges(&manifest), SERVER_EDGES, "see docs/decisions/0013-edges-of-server.md");
    }

    #[test]
    fn edges_are_dependencies_of_this_workspace() {
        let manifest = "[package]\nname = \"henge-x\"\n[dependencies]\nhenge-b.workspace = true\nserde = \"1\"\n\
                        henge-a = { path = \"../a\" }\n\n[dev-dependencies]\nhenge-c.workspace = true\n";
        assert_eq!(edges(manifest), ["a", "b"]);
    }
}
