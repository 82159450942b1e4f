r"""Regular expressions of known kinds: those that a text keeps busy, and those that none does.

They are written anew, in the manner of what is named beside them.
"""

from typing import NamedTuple


class Slow(NamedTuple):
    """A regex, and where its kind is described."""

    regex: str
    source: str


EXPONENTIAL = [
    Slow(r"^(a+)+$", "OWASP, Regular expression Denial of Service"),
    Slow(r"^([a-zA-Z]+)*$", "OWASP, Regular expression Denial of Service"),
    Slow(r"^(a|aa)+$", "OWASP, Regular expression Denial of Service"),
    Slow(r"^(a|a?)+$", "OWASP, Regular expression Denial of Service"),
    Slow(r"^(([a-z])+.)+[A-Z]([a-z])+$", "OWASP validation repository, class names of Java"),
    Slow(
        r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@)[a-z]+$",
        "OWASP validation repository, e-mail; RegexLib",
    ),
    Slow(r"(x+x+)+y", "Goyvaerts, Runaway regular expressions"),
    Slow(r"^(.*?,){11}P$|^(?:[^,]*,?)*P$", "Goyvaerts, Catastrophic backtracking in CSV"),
    Slow(r"^(\w+\s?)*$", "javascript.info, Catastrophic backtracking"),
    Slow(r"^(\d+)*\d$", "javascript.info, Catastrophic backtracking"),
    Slow(r"^(?:\d{1,3}\.?)+$", "addresses of IPv4 with optional dots"),
    Slow(r"^(\w{1,2})+$", "a repeat with two lengths in a repeat"),
    Slow(r"^(?:\d|\d\d)+$", "pagination, one or two digits"),
    Slow(r"^(?:[a-z]+|[a-z0-9]+)+/$", "slugs of alternatives"),
    Slow(r"^(([a-z]+)?/?)+$", "optional segments"),
    Slow(r"^(?:[^/]|\w)+/$", "a segment of alternatives that overlap"),
    Slow(r"^(?:%[0-9a-f]{2}|.)+$", "escapes or anything, as once in marked"),
    Slow(r"^((a|b|ab)*)c$", "Kirrage, Rathnayake, Thielecke: Static Analysis for ReDoS (2013)"),
    Slow(r"^(?:a|b|ab)*c$", "Kirrage, Rathnayake, Thielecke (2013)"),
    Slow(r"^(?=(a+)+$)a*", "look-ahead"),
    Slow(r"^(?!(a+)+b).*$", "negative look-ahead"),
    Slow(r"^(?>(a+)+b)$", "inside an atomic group"),
    Slow(r"^(x)?(?(1)y|(a+)+b)$", "in a condition"),
    Slow(r"(?:\D+|<\d+>)*[!?]", "Friedl, Mastering Regular Expressions; PCRE's pcre2perform"),
    Slow(r'^"(\\.|[^"\\]+)*"$', "Friedl, quoted strings before unrolling"),
    Slow(r"^(?:\w+[-.]?)+@$", "e-mail before the at"),
    Slow(r"^[\w-]+(\.[\w-]+)*(\.?\w+)*:$", "hosts"),
    Slow(
        r"^(?:(?:https?|ftp)://)?(?:[a-z0-9]+-?)*[a-z0-9]+$",
        "URLs of Diego Perini before its change",
    ),
    Slow(r"^(?:[a-z0-9\-_]+\.?)+:\d+$", "host and port, as once in path-parse"),
    Slow(r"^([a-z0-9_\.-]+)+@([\da-z\.-]+)\.$", "e-mail"),
    Slow(r"^(?:#?[\da-f]+)*;$", "colours, as once in color-string"),
    Slow(r"^(\s*\w+\s*)+=$", "attributes, as once in hosted-git-info"),
    Slow(r"^\s*((\s*\w+\s*),?)+\s*;$", "lists of names, as once in marked"),
    Slow(r"^(?:-?\d+\s?)+$", "lists of numbers"),
    Slow(r"^(([\w-]+)/?)*$", "nested folders"),
    Slow(r"^(/?[\w-]*)*\.html$", "pages in folders"),
    Slow(r"^(?:[^:]*:?)*;$", "drives and paths"),
    Slow(r"^(?:.*,)*.*(?:,.*)*x$", "Wüstholz and others, Static detection of DoS (2017)"),
    Slow(r"^(a*)*b", "Berglund, Drewes, van der Merwe (2014)"),
    Slow(r"^(a?){2,}b(a|a)*c$", "Weideman and others (2016), ambiguity behind a prefix"),
    Slow(r"^b(a|a)*c$", "Weideman and others (2016)"),
    Slow(r"^(?:(?:a|b)*a)*c$", "Weber and Seidl (1991), a loop with two ways round"),
    Slow(r"^(?:a{2}|a{3})+$", "two lengths without a common part"),
    Slow(r"^(?i:(?:k|Kk?)+)$", "upper and lower case"),
    Slow(r"^(?:\S+\s*)+;$", "Markdown, as once in marked"),
    Slow(r"^(?:(?:[^,]+),*)*;$", "headers in lists"),
    Slow(r"^(?:\.?\w+)*\.$", "dotted names, as once in validator"),
    Slow(r"^(\[?\w*\]?)+;$", "brackets that need not be there"),
    Slow(r"^([^/]*/?)*\.$", "segments that may be empty"),
    Slow(r"^(\d+|\d+\.\d*|\.)+;$", "numbers with a point"),
    Slow(r"^(?:a+){2,}$", "a repeat that has no end in one that begins at two"),
    Slow(r"^(a{1,16}){1,16}$", "repeats that end too late"),
    Slow(r"^(?:(?:aa)*)*$", "two at a time: one more is no worse"),
    Slow(r"^(?:(?:aaaaa)+)*b$", "five at a time"),
]
POLYNOMIAL = [
    Slow(r"(?P<name>\w+)/edit/", "search, one more loop"),
    Slow(r"(\d+)/x", "search, one more loop"),
    Slow(r"\s+$x|\s+y", "Stack Overflow, outage of July 20, 2016"),
    Slow(r"\w+$|\W+", "Stack Overflow, outage of July 20, 2016, with a match in the end"),
    Slow(r".*(?:.*=.*)x", "Cloudflare, outage of July 2, 2019"),
    Slow(r"^(.*)-(.*)x$", "two wild cards"),
    Slow(r"^(?P<path>.+)/(?P<name>.+)/edit$", "two paths in a path"),
    Slow(r"^.*a.*b.*c$", "three wild cards"),
    Slow(r"^(.*a){12}$", "twelve of them; RE2's tests"),
    Slow(r"^\d+\w+[0-5]+$", "classes that overlap"),
    Slow(r"^[a-z0-9-]+-\d+-[a-z0-9-]+$", "slug, number, slug"),
    Slow(
        r"^\w+@\w+(?:\.\w+)*\w+!$",
        "e-mail; Davis, Coghlan, Servant, Lee: The impact of ReDoS (2018)",
    ),
    Slow(r"^\s*\w*\s*\w*\s*:$", "as once in glob-parent"),
    Slow(r"^a*?b*?[ab]*c$", "lazy repeats"),
    Slow(r"^(?:\w+/)*(?P<slug>[\w/]+)/edit$", "folders and a slug"),
    Slow(r"(?P<a>\w+)\.json", "search, one more loop"),
    Slow(r"[^/]+/[^/]+/x", "search, two segments"),
    Slow(r"^(.*)/(.*)\n$", "a path, and a line break"),
    Slow(r"^(?=.*x)(?:(?=\w*y)\w)*z", "look-ahead at each position"),
    Slow(r"(?:[ab]*a)+", "search, with a loop that matches for other words"),
]
SAFE = [
    *(
        r"^users/(?P<id>\d+)/$",
        r"^users/(?P<id>\d+)/(?P<rest>.*)$",
        r"^(\w+/)*$",
        r"(ab*)*",
        r"([ab]*c)*",
    ),
    *(
        r"^([^/]+)/([^/]+)/([^/]+)/$",
        r"(a|b)*",
        r"^(?:(?:\w+)\.)+com$",
        r"^a{1,9}b",
        r"[0-9]{4}",
        r"^x$",
    ),
    *(
        r"^(\d+\D)+$",
        r"^(\s+\S)+$",
        r"^(\w+\W)+$",
        r"^([b-d]+a)*$",
        r"^([b-d]+e)*$",
        r"^([^b]+b)*$",
        r"^(.+\n)*$",
    ),
    *(
        r"^([^\d]+\d)*$",
        r"^([^\w]+\w)*$",
        r"^([^\s]+\s)*$",
        r"^([^b-d]+[bcd])*$",
        r"^(b+(?:a|c))*$",
    ),
    *(
        r"^(?:b{3}a)*$",
        r"^(b{0,15}){2}$",
        r"^(?:a+c){1,15}$",
        r"^\d*\D*x$",
        r"^\w+ \w+ \w+$",
        r"^(?>a+)b$",
    ),
    *(
        r"^(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})$",
        r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    ),
    *(
        r"ws/chat/(?P<room_name>\w+)/$",
        r"^ws/(?P<room>[^/]+)/$",
        r"^static/(?P<path>.*)$",
        r"^$",
        r"",
        r".*",
    ),
    *(
        r"^(?P<url>.*)/$",
        r"^(?P<a>\w+)/?$",
        r"^(?P<lang>[a-z]{2}(?:-[A-Z]{2})?)/",
        r"^api/(v1|v2)/(?P<x>[-\w]+)/$",
    ),
    *(
        r"^(?:[^/]+/)*[^/]+$",
        r"^(?:/[^/]*)*$",
        r"^(?:\w+,)*\w+$",
        r"^\w+(?:\.\w+)*$",
        r"^\d+(?:\.\d+)?$",
    ),
    *(
        r'^"(?:[^"\\]|\\.)*"$',
        r'^"[^"\\]*(?:\\.[^"\\]*)*"$',
        r"^[^@\s]+@[^@\s]+$",
        r"^(?i:abc)+$",
        r"^(?:a|b|c)+$",
    ),
    *(
        r"^(\w++\s?)*$",
        r"^(?>\w+\s?)*+$",
        r"^\w{1,255}$",
        r"^\w{0,200}\w{0,200}$",
        r"^(?:x{1,63}\.){1,8}$",
    ),
    *(
        r"(a+)+",
        r"^(a+)+",
        r"^(?:(a+)+|b)",
        r"^a*a*b?",
        r"^\w+|\W$",
        r"^(?:.*)*",
        r"^.*foo.*",
        r"(?<=a)b+c",
    ),
    *(
        r"^a*?b",
        r"^(?=a)\w+$",
        r"^(?!admin)\w+/$",
        r"^\.well-known/.+$",
        r"^(?:en|de)/(?P<x>.+)$",
        r"\bx\b",
    ),
]
"""What no text keeps busy for long: those that end in nothing match before they would."""
ROUTES = [
    # As in Django's admin, and in its documentation.
    *(
        r"^admin/login/$",
        r"^admin/(?P<app_label>auth|sites)/$",
        r"^admin/(?P<url>.*)$",
        r"^admin/r/(?P<content_type_id>\d+)/(?P<object_id>.+)/$",
    ),
    *(
        r"^admin/auth/user/(?P<id>\w+)/password/$",
        r"^articles/(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<slug>[\w-]+)/$",
    ),
    *(
        r"^comments/(?:page-(?P<page_number>[0-9]+)/)?$",
        r"^blog/(page-([0-9]+)/)?$",
        r"^(?P<username>\w+)/blog/",
    ),
    *(r"^reset/(?P<uidb64>[0-9A-Za-z_\-]+)/(?P<token>[0-9A-Za-z]{1,13}-[0-9A-Za-z]{1,20})/$",),
    # As in Zulip.
    *(
        r"^user_avatars/(?P<path>.*)$",
        r"^user_uploads/(?P<realm_id_str>(\d*|unk))/(?P<filename>.*)$",
        r"^help/(?P<article>.*)$",
    ),
    *(
        r"^apps/(?P<platform>.*)$",
        r"^json/bots/([^/]*)/api_key$",
        r"^accounts/login/social/([\w,-]+)$",
    ),
    # As in Sentry.
    *(
        r"^api/0/organizations/(?P<organization_id_or_slug>[^/]+)/issues/(?P<issue_id>[^/]+)/events/(?P<event_id>(?:latest|oldest|\d+|[A-Fa-f0-9-]{32,36}))/$",
    ),
    *(
        r"^api/0/(?:issues|groups)/(?P<issue_id>\d+)/(?:events|tags)/(?P<key>[^/]+)/$",
        r"^_static/(?:(?P<version>\d{10}|[a-f0-9]{32,40})/)?(?P<path>.*)$",
    ),
    *(
        r"^(?P<project_id_or_slug>[\w_-]+)/(?P<group_id>\d+)/$",
        r"^avatar/(?P<avatar_id>[^/]+)/$",
        r"^robots\.txt$",
    ),
    *(
        r"^api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)/releases/(?P<version>[^/]+)/files/(?P<file_id>\d+)/$",
    ),
    # As in tutorials of Channels.
    *(
        r"ws/chat/(?P<room_name>\w+)/$",
        r"^ws/notifications/$",
        r"ws/(?P<room_name>[^/]+)/$",
        r"^chat/(?P<stream>[-\w]+)/(?P<id>\d+)/?$",
    ),
    *(
        r"^ws/game/(?P<code>[A-Z0-9]{6})/$",
        r"ws/live/(?P<slug>[\w-]+)/(?P<kind>audio|video)/$",
        r"^messages/(?P<username>[\w.@+-]+)/?$",
    ),
]
"""Routes as projects have them: not one of them may be warned about."""
