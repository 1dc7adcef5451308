//! Several lists, and the world around them.

use super::*;
use crate::pattern::NextOptions;

#[test]
fn r21_public_and_protected() {
    let admin = || list(Protect, [glob("/admin/**")]);
    // Parts of each are left: nobody means that.
    let wide = || list(Public, [pattern("/:path*/login")]);
    assert_eq!(between("R21", &[wide(), admin()]), [(0, Error, "/admin/login".to_owned(), Some(1))]);
    assert_eq!(between("R21", &[admin(), wide()]), [(1, Warning, "/admin/login".to_owned(), Some(0))]);
    // An exception is a part that comes first.
    let login = || list(Public, [glob("/admin/login")]);
    assert_eq!(between("R21", &[login(), admin()]), [(0, Note, "/admin/login".to_owned(), Some(1))]);
    assert_eq!(between("R21", &[admin(), login()]), [(1, Warning, "/admin/login".to_owned(), Some(0))]);
    // What a rule before both decides is not at stake.
    let before = || list(Protect, [glob("/admin/login")]);
    assert_eq!(between("R21", &[before(), wide(), admin()]), [(1, Error, "/admin/x/login".to_owned(), Some(2))]);
    let mut sometimes = before();
    sometimes.conditions.push(POST);
    assert_eq!(between("R21", &[sometimes, wide(), admin()]), [(1, Error, "/admin/login".to_owned(), Some(2))]);
    // What is left out of the protected list is not protected.
    let mut but = admin();
    but.except.push(glob("/admin/login"));
    assert_eq!(between("R21", &[login(), but]), []);
    assert_eq!(between("R21", &[list(Public, [glob("/docs/**"), glob("/adm")]), admin()]), []);
}

#[test]
fn r23_not_reached() {
    let matcher = |text| list(Matcher, [next(text)]);
    let reached = |matcher, protect| between("R23", &[matcher, list(Protect, [protect])]);
    let path = |path: &str| vec![(1, Error, path.to_owned(), None)];
    assert_eq!(reached(matcher("/dashboard/:path*"), pattern("/admin(.*)")), path("/admin"));
    assert_eq!(reached(matcher(r"/((?!.*\..*|_next).*)"), pattern("/admin(.*)")), path("/admin/a.b"));
    assert_eq!(reached(matcher("/admin"), pattern("/admin/:path*")), path("/admin/users"));
    assert_eq!(reached(matcher("/((?!api).*)"), pattern("/api/x(.*)")), path("/api/x"));
    assert_eq!(reached(matcher("/admin/:path*"), pattern("/admin(.*)")), path("/adminx"));
    for (text, protect) in [
        ("/admin/:path*", "/admin/:path*"),
        // The case of letters is another matter.
        ("/admin/:path*", "/Admin"),
        ("/((?!_next/).*)", "/admin(.*)"),
        ("/:path*", "/(.*)"),
    ] {
        assert_eq!(reached(matcher(text), pattern(protect)), []);
    }
    // A public rule before it decides what the matcher leaves out.
    let lists =
        [matcher("/((?!admin/login).*)"), list(Public, [glob("/admin/login**")]), list(Protect, [glob("/admin/**")])];
    assert_eq!(between("R23", &lists), [(2, Error, "/admin/login/x".to_owned(), None)]);
    let lists =
        [matcher("/((?!admin/login$).*)"), list(Public, [glob("/admin/login")]), list(Protect, [glob("/admin/**")])];
    assert_eq!(between("R23", &lists), []);
    // No matcher, nothing to reach.
    assert_eq!(between("R23", &[list(Protect, [pattern("/admin")])]), []);
}

#[test]
fn r25_between_rules() {
    let first = || list(Protect, [glob("/a/**"), glob("/b/**")]);
    assert_eq!(between("R25", &[first(), list(Public, [glob("/a/x")])]), [(1, Warning, "/a/x".to_owned(), Some(0))]);
    assert_eq!(
        between("R25", &[first(), list(Protect, [glob("/{a,b}/x")])]),
        [(1, Warning, "/a/x".to_owned(), Some(0))]
    );
    assert_eq!(between("R25", &[list(Public, [glob("/a/x")]), first()]), []);
    assert_eq!(between("R25", &[first(), list(Public, [glob("/{a,c}/x")])]), []);
    // Rules of different roles together.
    let lists = [list(Protect, [glob("/a")]), list(Public, [glob("/b")]), list(Protect, [glob("/{a,b}")])];
    assert_eq!(between("R25", &lists), [(2, Warning, "/a".to_owned(), Some(0))]);
    // A rule with conditions does not always decide, one with exceptions not everywhere.
    let mut narrow = first();
    narrow.conditions.push(POST);
    assert_eq!(between("R25", &[narrow.clone(), list(Public, [glob("/a/x")])]), []);
    let mut same = list(Public, [glob("/a/x")]);
    same.conditions.push(POST);
    assert_eq!(between("R25", &[narrow, same]).len(), 1);
    let mut but = first();
    but.except.push(glob("/a/x"));
    assert_eq!(between("R25", &[but, list(Public, [glob("/a/x")])]), []);
}

#[test]
fn r27_spellings() {
    let lists = [list(Protect, [pattern("/docs/admin")]), list(Public, [pattern("/docs/:page([^a]*)")])];
    assert_eq!(between("R27", &lists), [(1, Note, "/docs/%61dmin".to_owned(), Some(0))]);
    let lists = [list(Protect, [pattern("/docs/admin")]), list(Public, [pattern("/docs/:page")])];
    assert_eq!(between("R27", &lists), []);
}

#[test]
fn r24_twins() {
    let told = |list: List<'_>, setting: &Setting<'_>| {
        let found = findings(&[list], setting);
        found
            .into_iter()
            .filter(|finding| finding.rule == "R24")
            .filter_map(|finding| finding.witness)
            .collect::<Vec<_>>()
    };
    let twins = Setting { next_twins: true, ..Setting::default() };
    assert_eq!(told(list(Protect, [pattern("/admin")]), &twins), ["/_next/data/id/admin.json"]);
    assert!(told(list(Protect, [pattern("/(.*)")]), &twins).is_empty());
    assert!(told(list(Matcher, [next("/admin/:path*")]), &twins).is_empty());
    let i18n = Setting { next: NextOptions { base_path: "", locale: true, i18n: true }, ..Setting::default() };
    assert_eq!(told(list(Matcher, [next("/admin/:path*")]), &i18n), ["/en/_next/data/id/en/x/admin.json"]);
    assert!(told(list(Protect, [pattern("/admin")]), &Setting::default()).is_empty());
}

#[test]
fn r29_the_rest_is_open() {
    let of = |rest, text| {
        let found = findings(&[list(Protect, [pattern(text)])], &Setting { rest, ..Setting::default() });
        found.into_iter().filter(|finding| finding.rule == "R29").map(|finding| finding.severity).collect::<Vec<_>>()
    };
    assert_eq!(of(Rest::Open, "/admin(.*)"), [Warning]);
    assert_eq!(of(Rest::Unknown, "/admin(.*)"), [Note]);
    assert_eq!(of(Rest::Closed, "/admin(.*)"), []);
    assert_eq!(of(Rest::Open, "/(.*)"), []);
}
