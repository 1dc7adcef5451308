//! The demo, as a visitor lives it: a guarded page, the way to sign in, a session in an http-only cookie, and back.

use portcullis_tests::process::{self, Server};
use portcullis_tests::wire::{self, Response};

const PAGE: (&str, &str) = ("accept", "text/html");

fn demo() -> Server {
    Server::start(process::command(&["demo", "--listen", "127.0.0.1:0"])).unwrap_or_else(|ended| panic!("{ended:?}"))
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

#[test]
fn from_a_guarded_page_through_sign_in_and_back() {
    let server = demo();
    let get = |target: &str, headers: &[(&str, &str)]| wire::get(server.address(), target, headers).unwrap();

    // The front page is open; the product is not.
    assert_eq!(get("/", &[PAGE]).status, 200);
    let refused = get("/product", &[PAGE]);
    assert_eq!((refused.status, refused.header("location").as_deref()), (307, Some("/signin?next=%2Fproduct")));
    let refused = get("/api/items", &[("accept", "application/json")]);
    assert_eq!(refused.status, 401);
    assert!(refused.header("location").is_none(), "a script is not sent to a page");

    // The page to sign in, and a name.
    let page = get("/signin?next=%2Fproduct", &[PAGE]);
    assert_eq!(page.status, 200);
    assert!(text(&page).contains("<form"), "{}", text(&page));
    let form = [PAGE, ("content-type", "application/x-www-form-urlencoded")];
    let signed_in =
        wire::send(server.address(), "POST", "/signin?next=%2Fproduct", &form, b"name=Ada+Lovelace&next=%2Fproduct")
            .unwrap();
    assert!((300..400).contains(&signed_in.status), "{} {}", signed_in.status, text(&signed_in));
    assert_eq!(signed_in.header("location").as_deref(), Some("/product"));
    let set = signed_in.header("set-cookie").expect("a cookie is set");
    assert!(set.to_lowercase().contains("httponly"), "{set}");
    let cookie = set.split(';').next().unwrap();

    // With the session: in, with an identity that the app can read.
    let product = get("/product", &[PAGE, ("cookie", cookie)]);
    assert_eq!(product.status, 200);
    assert!(text(&product).contains("Ada Lovelace"), "{}", text(&product));
    let back = get("/signin", &[PAGE, ("cookie", cookie)]);
    assert_eq!((back.status, back.header("location").as_deref()), (307, Some("/product")));

    // A session that is not one: changed in one letter of its signature.
    let (rest, last) = cookie.split_at(cookie.len() - 10);
    let forged = format!("{rest}{}{}", if last.starts_with('A') { 'B' } else { 'A' }, &last[1..]);
    assert_eq!(get("/product", &[PAGE, ("cookie", &forged)]).status, 307);
    // A made-up identity is no identity.
    let made_up = get("/", &[PAGE, ("x-user-name", "mallory"), ("x_user_id", "mallory")]);
    assert!(!text(&made_up).contains("mallory"), "{}", text(&made_up));
}

#[test]
fn a_disguised_path_is_no_way_in() {
    let server = demo();
    for target in
        ["/%70roduct", "/%2570roduct", "/PRODUCT", "/x/../product", "//product", "/product;a=b", "/product%2f"]
    {
        let response = wire::get(server.address(), target, &[PAGE]).unwrap();
        let body = text(&response);
        assert!(!body.contains("who the gate says"), "{target}: {} {body}", response.status);
    }
}
