//! The pages, without anything from elsewhere. Every text that came from outside goes through [`escape`].

/// `&`, `<`, `>` and quotes as references.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn home() -> String {
    frame(
        "Demo",
        "<h1>Behind the gate</h1>
         <p>This app knows nothing of sessions. The gate in front of it reads the http-only cookie, verifies the token
            and decides.</p>
         <ul>
           <li><a href=/product>/product</a> needs a session: you are sent to sign in, and come back here</li>
           <li><a href=/product/42>/product/42</a> is taken by the same pattern, <code>/product(.*)</code></li>
           <li><a href=/api/items>/api/items</a> answers JSON; a script without a session gets 401, not a redirect</li>
           <li><a href=/signin>/signin</a> sends you on to /product once you are signed in</li>
         </ul>",
    )
}

pub(super) fn sign_in(next: &str) -> String {
    let form = format!(
        "<h1>Sign in</h1>
         <p>Any name will do: the app issues a token of its own.</p>
         <form method=post action=/signin>
           <input type=hidden name=next value=\"{}\">
           <label>Name <input name=name required autofocus maxlength=60 autocomplete=name></label>
           <label>Email <input name=email type=email maxlength=120 autocomplete=email></label>
           <button>Sign in</button>
         </form>",
        escape(next)
    );
    frame("Sign in", &form)
}

pub(super) fn product(path: &str, identity: &[(&str, &str)]) -> String {
    let row = |(name, value): &(&str, &str)| format!("<tr><th>{name}<td>{}", escape(value));
    let rows: String = identity.iter().map(row).collect();
    let body = format!(
        "<h1>Product</h1>
         <p>You opened <code>{}</code>. This is who the gate says you are:</p>
         <table>{rows}</table>
         <form method=post action=/signout><button>Sign out</button></form>",
        escape(path)
    );
    frame("Product", &body)
}

pub(super) fn missing(path: &str) -> String {
    frame("Not found", &format!("<h1>Not found</h1><p>There is no <code>{}</code> here.</p>", escape(path)))
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>{title} - Portcullis demo</title>
<style>
:root{{color-scheme:light dark;--line:#8884;--ink:#2a5bd7}}
*{{box-sizing:border-box}}
body{{font:16px/1.55 system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:1.5rem}}
nav{{display:flex;gap:1rem;padding-bottom:.8rem;border-bottom:1px solid var(--line)}}
nav b{{margin-right:auto}}
a{{color:var(--ink)}}
code{{background:#8882;padding:.1em .3em;border-radius:.25em}}
label{{display:block;margin:.8rem 0}}
input{{display:block;width:100%;font:inherit;padding:.5rem;border:1px solid var(--line);border-radius:.4rem}}
button{{font:inherit;margin-top:.8rem;padding:.55rem 1.3rem;border:0;border-radius:.4rem;background:var(--ink);color:#fff;cursor:pointer}}
table{{border-collapse:collapse;width:100%;overflow-wrap:anywhere}}
th,td{{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line)}}
th{{font-weight:600;white-space:nowrap}}
</style>
<nav><b>Portcullis demo</b><a href=/>Home</a><a href=/product>Product</a><a href=/signin>Sign in</a></nav>
{body}"
    )
}
