//! The files of the web console, which `henge admin console` serves. They are in the binary and need nothing from elsewhere.

/// The policy under which a browser runs the console: nothing inline, and nothing from or to anywhere but its own origin.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// A file of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its path, which begins with a slash.
    pub path: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! assets {
    ($($path:literal $content_type:ident $file:literal;)*) => {
        [$(Asset {
            path: $path,
            content_type: $content_type,
            text: include_str!(concat!("../assets/", $file)),
        }),*]
    };
}

/// All files.
pub const ASSETS: [Asset; ASSET_COUNT] = assets! {
    "/" HTML "index.html";
    "/console.css" STYLE "console.css";
    "/icon.svg" IMAGE "icon.svg";
    "/main.js" SCRIPT "main.js";
    "/node.js" SCRIPT "node.js";
    "/figures.js" SCRIPT "figures.js";
    "/parts.js" SCRIPT "parts.js";
    "/ring.js" SCRIPT "ring.js";
    "/overview.js" SCRIPT "overview.js";
    "/tables.js" SCRIPT "tables.js";
    "/schema.js" SCRIPT "schema.js";
    "/health.js" SCRIPT "health.js";
    "/requests.js" SCRIPT "requests.js";
    "/query.js" SCRIPT "query.js";
    "/vendor/preact.js" SCRIPT "vendor/preact.js";
    "/vendor/hooks.js" SCRIPT "vendor/hooks.js";
    "/vendor/htm.js" SCRIPT "vendor/htm.js";
    "/vendor/preact.LICENSE.txt" TEXT "vendor/preact.LICENSE.txt";
    "/vendor/htm.LICENSE.txt" TEXT "vendor/htm.LICENSE.txt";
};

const ASSET_COUNT: usize = 19;

/// The file at a path.
pub fn asset(path: &str) -> Option<Asset> {
    ASSETS.iter().find(|asset| asset.path == path).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths that a module or page names.
    fn quoted_paths(text: &str) -> impl Iterator<Item = &str> {
        let quoted = text.split('"').skip(1).step_by(2);
        quoted.filter(|part| part.starts_with("./") || part.starts_with('/'))
    }

    #[test]
    fn every_named_file_is_there() {
        for file in ASSETS.iter().filter(|asset| [HTML, SCRIPT].contains(&asset.content_type)) {
            let folder = if file.path.starts_with("/vendor/") { "/vendor/" } else { "/" };
            for name in quoted_paths(file.text).filter(|name| name.ends_with(".js") || name.ends_with(".css")) {
                let path = name.strip_prefix("./").map_or(name.to_owned(), |rest| format!("{folder}{rest}"));
                assert!(asset(&path).is_some(), "{} names {name}", file.path);
            }
        }
    }

    #[test]
    fn nothing_is_inline_or_from_elsewhere() {
        for file in ASSETS.iter().filter(|asset| asset.content_type != TEXT) {
            for wrong in ["https://", "<style", " style=\"", "eval(", "new Function", "innerHTML ="] {
                let is_vendored = file.path.starts_with("/vendor/");
                assert!(is_vendored || !file.text.contains(wrong), "{} has {wrong}", file.path);
            }
        }
        let page = asset("/").map_or("", |page| page.text);
        assert!(
            page.split("<script")
                .skip(1)
                .all(|script| script.split('>').next().is_some_and(|tag| tag.contains("src=")))
        );
    }
}
