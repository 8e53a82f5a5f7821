use super::ModuleGraph;

fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let graph = ModuleGraph::of(files.iter().copied());
    graph.imports().map(|(from, to)| format!("{from} -> {to}")).collect()
}

#[test]
fn paths_lead_to_the_files_that_define_what_they_name() {
    let files = [
        ("", "mod a; mod b; pub use a::inner::Thing;"),
        ("a", "pub(crate) mod inner; pub(crate) use inner::{Thing, other as renamed}; pub struct Own;"),
        ("a::inner", "pub struct Thing; pub fn other() {} fn f() { super::Own; let _: std::fmt::Error; }"),
        ("b", "use crate::a::{self, Thing}; use henge_base::Bytes;"),
        ("b::c", "fn f() { crate::a::renamed(); super::g(); self::h(); /* crate::a::Own */ \"crate::a::Own\"; }"),
        ("d", "fn f<'a>(x: &'a str) -> impl Sized + use<> { match x { _ => '\\'' }; crate::Thing }"),
    ];
    let expected =
        ["a -> a::inner", "a::inner -> a", "b -> a", "b -> a::inner", "b::c -> a::inner", "b::c -> b", "d -> a::inner"];
    assert_eq!(edges(&files), expected);
}

#[test]
fn tests_are_left_out() {
    let files = [
        ("", "mod a; mod b; #[cfg(test)] mod checks;"),
        (
            "a",
            "#[cfg(test)]\nmod tests { use crate::b::B; fn f() {} }\n#[cfg(test)] use crate::b::B; fn f() { crate::b::g() }",
        ),
        ("b", ""),
        ("checks", "use crate::a::f;"),
        ("checks::more", "use crate::a::f;"),
    ];
    assert_eq!(edges(&files), ["a -> b"]);
}

#[test]
fn imports_that_go_up_are_found() {
    let files = [
        ("low", ""),
        ("low::a", "use crate::high::B; use crate::low::b::C;"),
        ("low::b", ""),
        ("high", ""),
        ("stray", "use crate::low::b::C;"),
    ];
    let graph = ModuleGraph::of(files);
    assert_eq!(graph.upward(&["low", "high"]), ["low::a -> high", "stray is of no wing"]);
}

#[test]
fn circles_are_found_however_long_they_are() {
    let files = [
        ("a", "use crate::b::B;"),
        ("b", "use crate::c::C;"),
        ("c", "use crate::a::A; use crate::d::D;"),
        ("d", ""),
        ("e", "use crate::a::A;"),
    ];
    let graph = ModuleGraph::of(files);
    let circles: Vec<Vec<&str>> = graph.circles().into_iter().map(|circle| circle.into_iter().collect()).collect();
    assert_eq!(circles, [["a", "b", "c"]]);
}
