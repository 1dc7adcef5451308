use super::*;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

#[test]
fn a_token_verifies_against_the_published_set() {
    let issuer = Issuer::new("http://127.0.0.1:1".into()).unwrap();
    let token = issuer.token("Ada <b>", "ada@example.com").unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(issuer.jwks()).unwrap();
    let key = DecodingKey::from_jwk(set.find("demo").unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["demo"]);
    rules.set_issuer(&["http://127.0.0.1:1"]);
    let claims = jsonwebtoken::decode::<serde_json::Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!(claims["name"], "Ada <b>");
}

#[test]
fn signing_in_sets_an_http_only_cookie_and_leads_back() {
    let issuer = Issuer::new("http://127.0.0.1:1".into()).unwrap();
    let response = sign_in(b"name=Ada&email=a%40b.c&next=%2Fproduct%2F7", &issuer);
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/product/7");
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__session=ey") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    for hostile in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil", "%2Fa%0d%0ab", ""] {
        let response = sign_in(format!("name=Ada&next={hostile}").as_bytes(), &issuer);
        assert_eq!(response.headers()[header::LOCATION], "/product", "{hostile}");
    }
}

#[test]
fn texts_from_outside_are_escaped() {
    let page = pages::sign_in("\"><script>");
    assert!(!page.contains("<script>") && page.contains("&quot;&gt;&lt;script&gt;"));
    assert!(!pages::product("/product", &[("x-user-name", "<i>")]).contains("<i>"));
}

#[test]
fn forms_of_other_sites_are_refused() {
    let headers = |origin: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "127.0.0.1:8080".parse().unwrap());
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        headers
    };
    assert!(same_origin(&headers("http://127.0.0.1:8080")));
    for other in ["http://evil.example", "null", "http://127.0.0.1:8081"] {
        assert!(!same_origin(&headers(other)), "{other}");
    }
}

#[test]
fn signing_out_clears_the_cookie() {
    assert!(cookie("", 0).contains("Max-Age=0"));
}
