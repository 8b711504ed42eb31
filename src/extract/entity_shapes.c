/* entity_shapes.c - things that are told by how they are written: addresses, paths, versions, dates, settings, tables. */
#include "extract/entities.h"

#include <stdint.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool has(kmi_slice text, const char *part) {
    return kmi_slice_find(text, kmi_slice_from(part), 0) != SIZE_MAX;
}

/* True if the word stands in a static list of words separated by blanks; case does not matter. */
static bool is_listed(kmi_slice word, const char *list) {
    return kmi_word_list_has(list, word, kmi_word_hash(word));
}

static const char extensions[] =
    "c h cc cpp hpp cxx rs go py pyi rb js jsx ts tsx mjs cjs vue svelte java kt kts scala swift m mm cs fs php pl pm "
    "lua sh bash zsh fish ps1 bat cmd sql ipynb r jl ex exs erl hs ml clj dart "
    "json jsonl yaml yml toml ini cfg conf xml html htm css scss sass less md mdx rst txt csv tsv log lock env proto "
    "graphql tf tfvars hcl gradle properties plist mod sum cmake mk make dockerfile "
    "png jpg jpeg gif svg webp ico pdf doc docx xls xlsx ppt pptx odt zip tar gz tgz bz2 xz 7z rar jar war whl deb rpm "
    "dmg exe dll so dylib a o wasm db sqlite bak tmp pem crt key csr pub service timer socket tex bib po pot example "
    "sample template inc "
    "gd tscn tres overlay dts dtsi kconfig uproject unity prefab blend fbx obj gltf "
    "glb stl stp gcode ino vhd vhdl hex elf ld asm cu cuh "
    "f90 f95 adb ads pas vb vbs groovy sbt cabal nix zig nim cr "
    "ejs hbs pug haml astro styl avif heic webp bmp tiff psd mp3 wav "
    "ogg flac mp4 mov mkv avi parquet feather avro orc npy npz h5 hdf5 "
    "pkl pickle onnx pth ckpt safetensors gguf joblib rds rdata rmd qmd thrift "
    "avsc bicep rego jsonnet libsonnet desktop spec patch diff pid sock swp ics vcf "
    "eml mbox gpx kml geojson shp ods epub apk aab ipa iso img vmdk "
    "qcow2 jks p12 pfx cer der asc gpg sha256 entitlements xcodeproj xcworkspace pbxproj storyboard "
    "xib podspec tmpl tpl j2 jinja jinja2 mustache liquid twig wsdl xsd xsl xslt "
    "csproj sln fsproj vcxproj cshtml razor resx nuspec bzl bazel ninja gn qml qrc "
    "urdf xacro pcap cast kicad_pcb kicad_sch sch pcb brd sdf vcd fit fits "
    "nc las laz tif geotiff glsl hlsl wgsl vert frag shader tflite mlmodel pb "
    "caffemodel model bnf ebnf g4 lex sty cls bst dvi eps ps1xml "
    "psm1 psd1 nfo srt vtt ass sub m3u8 torrent msi cab appimage snap flatpak "
    "service mount network slice rules conf properties manifest lockb webmanifest htaccess ";
static const char bare_files[] =
    "Dockerfile Makefile Jenkinsfile Gemfile Rakefile Procfile Vagrantfile Brewfile Podfile Fastfile Caddyfile "
    "Tiltfile Justfile CMakeLists.txt README LICENSE CHANGELOG CONTRIBUTING CODEOWNERS .gitignore .dockerignore "
    ".editorconfig .env .npmrc .bashrc .zshrc .vimrc .gitattributes .prettierrc .eslintrc crontab";
static const char top_levels[] = "com org net io dev app ai co edu gov de uk fr nl eu info me tech cloud local "
                                 "internal test ch at se no dk fi pl it es jp cn in br ca au us";
static const char folders[] =
    "src lib libs docs doc tests test config configs conf templates bin include app apps packages pkg cmd internal "
    "scripts script tools public static assets migrations models views controllers components pages services utils "
    "helpers build dist vendor node_modules data examples infra deploy charts terraform ansible db sql web api server "
    "client frontend backend core modules plugins resources spec fixtures third_party";
static const char roots[] =
    "etc var usr home opt tmp srv root mnt dev proc bin lib sbin sys run boot media users library applications data";

static kmi_slice extension_of(kmi_slice text) {
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != '.' && text.ptr[at - 1] != '/') at--;
    if (at == 0 || text.ptr[at - 1] != '.' || at == text.len) return (kmi_slice){0};
    return (kmi_slice){text.ptr + at, text.len - at};
}

static kmi_slice first_segment(kmi_slice text) {
    size_t from = 0;
    while (from < text.len && strchr("/~.", text.ptr[from]) != NULL) from++;
    size_t to = from;
    while (to < text.len && text.ptr[to] != '/') to++;
    return (kmi_slice){text.ptr + from, to - from};
}

static size_t count_byte(kmi_slice text, char c) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += text.ptr[i] == c;
    return n;
}

static bool is_email(kmi_slice text) {
    const char *at = memchr(text.ptr, '@', text.len);
    if (at == NULL || at == text.ptr || count_byte(text, '@') != 1 || has(text, "/") || has(text, ":")) return false;
    kmi_slice domain = {at + 1, (size_t)(text.ptr + text.len - at) - 1};
    return memchr(domain.ptr, '.', domain.len) != NULL && domain.ptr[0] != '.';
}

/* host.name.org or host.org/path */
static bool is_host(kmi_slice text) {
    const char *slash = memchr(text.ptr, '/', text.len);
    kmi_slice host = {text.ptr, slash != NULL ? (size_t)(slash - text.ptr) : text.len};
    const char *colon = memchr(host.ptr, ':', host.len);
    if (colon != NULL) host.len = (size_t)(colon - host.ptr);
    if (host.len < 4 || count_byte(host, '.') == 0 || host.ptr[0] == '.' || is_digit(host.ptr[0])) return false;
    for (size_t i = 0; i < host.len; i++)
        if (!(is_lower(host.ptr[i]) || is_digit(host.ptr[i]) || host.ptr[i] == '.' || host.ptr[i] == '-')) return false;
    return is_listed(extension_of(host), top_levels);
}

static bool is_url(kmi_slice text) {
    size_t at = kmi_slice_find(text, KMI_SLICE_LITERAL("://"), 0);
    if (at != SIZE_MAX) return at >= 1 && at + 3 < text.len;
    return kmi_slice_starts_with(text, KMI_SLICE_LITERAL("www.")) || is_host(text);
}

static bool is_version(const kmi_tokens *tokens, size_t at, const kmi_entity_list *list) {
    kmi_slice text = kmi_tokens_text(tokens, at, at + 1);
    (void)list;
    size_t i = text.ptr[0] == 'v' || text.ptr[0] == 'V' ? 1 : 0;
    bool has_v = i == 1;
    size_t dots = 0, parts = 0;
    while (i < text.len && is_digit(text.ptr[i])) {
        size_t start = i;
        while (i < text.len && is_digit(text.ptr[i])) i++;
        if (i - start > 8) return false;
        parts++;
        if (i + 1 < text.len && text.ptr[i] == '.' && (is_digit(text.ptr[i + 1]) || text.ptr[i + 1] == 'x')) {
            dots++;
            i++;
        } else {
            break;
        }
    }
    if (i < text.len && text.ptr[i] == 'x') i++;
    if (parts == 0 || (i < text.len && (strchr("-+", text.ptr[i]) == NULL || (dots == 0 && !has_v)))) return false;
    const kmi_token *before = at > 0 ? &tokens->items[at - 1] : NULL;
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    if (dots == 3 && !has_v) return false; /* an address */
    if (dots >= 2 || (has_v && dots >= 1)) return true;
    bool is_announced =
        before != NULL &&
        (kmi_token_is_any(before, "version|release|v|versions") || (before->flags & KMI_T_CAPITAL) != 0) && at > 0;
    for (size_t k = at; k-- > 0 && at - k < 8 && !is_announced;)
        is_announced = kmi_token_is_any(
            &tokens->items[k], "upgraded|upgrade|bumped|bump|downgraded|version|versions|pinned|pin|upgrading");
    bool is_measure = next != NULL && (kmi_token_has(next, KMI_W_UNIT | KMI_W_NUMBER) ||
                                       kmi_token_is_any(next, "%|times|x|degrees|metres|meters|tonnes|kg|km|percent"));
    if (dots == 1) return is_announced && !is_measure;
    bool is_stage =
        has_v && i < text.len &&
        (has(text, "-beta") || has(text, "-alpha") || has(text, "-rc") || has(text, "-pre") || has(text, "-next"));
    return has_v ? is_announced || is_stage : before != NULL && kmi_token_is(before, "version") && !is_measure;
}

static bool is_clock(kmi_slice text) {
    return text.len >= 4 && text.len <= 8 && is_digit(text.ptr[0]) && memchr(text.ptr, ':', text.len) != NULL;
}

static bool is_setting(kmi_slice text) {
    size_t bars = 0, letters = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '_')
            bars++;
        else if (is_upper(text.ptr[i]))
            letters++;
        else if (!is_digit(text.ptr[i]))
            return false;
    }
    return bars > 0 && letters >= 2 && is_upper(text.ptr[0]) && text.ptr[text.len - 1] != '_';
}

/* ${NAME} and $NAME: the name inside, empty if it is none. */
static kmi_slice variable_name(kmi_slice text) {
    if (text.len < 3 || text.ptr[0] != '$') return (kmi_slice){0};
    size_t from = text.ptr[1] == '{' ? 2 : 1, to = from;
    while (to < text.len && (is_upper(text.ptr[to]) || is_digit(text.ptr[to]) || text.ptr[to] == '_')) to++;
    return to - from >= 2 ? (kmi_slice){text.ptr + from, to - from} : (kmi_slice){0};
}

static bool is_endpoint(const kmi_tokens *tokens, size_t at, kmi_slice text) {
    if (text.len < 2 || text.ptr[0] != '/' || text.ptr[1] == '/') return false;
    const kmi_token *before = at > 0 ? &tokens->items[at - 1] : NULL;
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    if (before != NULL && kmi_token_is_any(before, "get|post|put|patch|delete|head|options") &&
        (before->flags & KMI_T_ALL_CAPS) != 0)
        return true;
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL("/api")) || has(text, "{") || has(text, "/:") ||
        (text.ptr[1] == 'v' && text.len > 2 && is_digit(text.ptr[2])))
        return true;
    if ((before != NULL && kmi_token_is_any(before, "endpoint|route|endpoints|routes|path")) ||
        (next != NULL && kmi_token_is_any(next, "endpoint|route|api|page")))
        return !is_listed(extension_of(text), extensions);
    return !is_listed(extension_of(text), extensions) && !is_listed(first_segment(text), roots) &&
           text.ptr[text.len - 1] != '/';
}

static bool is_path_text(kmi_slice text) {
    for (size_t i = 0; i < text.len; i++)
        if (strchr("()\"'<>|;=,!", text.ptr[i]) != NULL) return false;
    return true;
}

static bool is_file(kmi_slice text) {
    if (kmi_slice_starts_with(text, KMI_SLICE_LITERAL(".env")) && memchr(text.ptr, '/', text.len) == NULL) return true;
    if (is_listed(text, bare_files)) return is_upper(text.ptr[0]) || text.ptr[0] == '.';
    if (text.len < 3 || !is_path_text(text)) return false;
    bool has_extension = is_listed(extension_of(text), extensions);
    size_t slashes = count_byte(text, '/') + count_byte(text, '\\');
    if (slashes == 0) {
        kmi_slice extension = extension_of(text);
        bool is_only_extension = extension.len + 1 >= text.len;
        return has_extension && !is_only_extension && !is_digit(text.ptr[0]) &&
               !(extension.len == 2 && is_upper(text.ptr[0]) && kmi_slice_equal(extension, KMI_SLICE_LITERAL("js")));
    }
    if (has(text, "//")) return false;
    if (text.ptr[0] == '/' || kmi_slice_starts_with(text, KMI_SLICE_LITERAL("~/")) ||
        kmi_slice_starts_with(text, KMI_SLICE_LITERAL("./")) || kmi_slice_starts_with(text, KMI_SLICE_LITERAL("../")) ||
        (text.ptr[0] == '.' && text.len > 4 && is_lower(text.ptr[1])))
        return true;
    if (has_extension || (text.len > 3 && text.ptr[1] == ':' && text.ptr[2] == '\\')) return true;
    if (is_digit(text.ptr[0])) return false;
    return is_listed(first_segment(text), folders) || slashes >= 3 || (text.ptr[text.len - 1] == '/' && slashes >= 1);
}

static bool is_snake(kmi_slice text) {
    bool has_bar = false;
    for (size_t i = 0; i < text.len; i++) {
        has_bar |= text.ptr[i] == '_';
        if (!(is_lower(text.ptr[i]) || is_digit(text.ptr[i]) || text.ptr[i] == '_' || text.ptr[i] == '.')) return false;
    }
    return has_bar && is_lower(text.ptr[0]);
}

static const char table_words[] =
    "table|tables|column|columns|view|index|collection|schema|constraint|trigger|sequence";

static bool is_database_object(const kmi_tokens *tokens, size_t at, kmi_slice text) {
    const kmi_token *token = &tokens->items[at];
    const kmi_token *before = at > 0 ? &tokens->items[at - 1] : NULL;
    const kmi_token *next = at + 1 < tokens->count ? &tokens->items[at + 1] : NULL;
    if (next != NULL && (next->flags & KMI_T_PUNCT) != 0 && (token->flags & KMI_T_QUOTED) != 0)
        next = at + 2 < tokens->count ? &tokens->items[at + 2] : NULL;
    if (before != NULL && (before->flags & KMI_T_PUNCT) != 0 && (token->flags & KMI_T_QUOTED) != 0)
        before = at > 1 ? &tokens->items[at - 2] : NULL;
    bool is_beside = (next != NULL && kmi_token_is_any(next, table_words)) ||
                     (before != NULL && kmi_token_is_any(before, table_words));
    if (is_snake(text))
        return is_beside ||
               (at > 1 && kmi_token_is_any(before, "on|by|called|named|over") &&
                kmi_token_is_any(&tokens->items[at - 2], table_words)) ||
               (count_byte(text, '.') == 1 && !is_listed(extension_of(text), extensions));
    if ((token->flags & KMI_T_QUOTED) != 0 && (token->flags & (KMI_T_SHAPED | KMI_T_CAPITAL)) == 0) return is_beside;
    if ((token->flags & (KMI_T_CAPITAL | KMI_T_SHAPED | KMI_T_DIGIT)) != 0) return false;
    /* "the orders table": a plural before "table". */
    return next != NULL && kmi_token_is(next, "table") && before != NULL &&
           kmi_token_is_any(before, "the|our|in|from|into") && text.len > 4 && text.ptr[text.len - 1] == 's' &&
           text.ptr[text.len - 2] != 's' && !kmi_token_has(token, KMI_W_VERB);
}

/* "2026-11-30", "March 3, 2025", "3 March 2025", "12 June", "March 2025". Returns the token behind, 0 for none. */
static size_t match_date(const kmi_tokens *tokens, size_t at) {
    const kmi_token *token = &tokens->items[at];
    kmi_slice text = kmi_tokens_text(tokens, at, at + 1);
    if (text.len >= 10 && is_digit(text.ptr[0]) && is_digit(text.ptr[3]) && text.ptr[4] == '-' &&
        is_digit(text.ptr[5]) && is_digit(text.ptr[6]) && text.ptr[7] == '-' && is_digit(text.ptr[8]) &&
        is_digit(text.ptr[9]))
        return at + 1;
    bool is_day =
        (token->flags & KMI_T_NUMBER) != 0 && text.len <= 4 &&
        (text.len <= 2 ? !(text.len == 2 && text.ptr[0] > '3') : strchr("snrt", text.ptr[text.len - 2]) != NULL);
    size_t next = at + 1;
    if (is_day && next < tokens->count && kmi_token_is(&tokens->items[next], "of")) next++;
    if (is_day && next < tokens->count && kmi_token_has(&tokens->items[next], KMI_W_MONTH) &&
        (tokens->items[next].flags & KMI_T_CAPITAL) != 0) {
        bool has_year = next + 1 < tokens->count && tokens->items[next + 1].end - tokens->items[next + 1].start == 4 &&
                        (tokens->items[next + 1].flags & KMI_T_NUMBER) != 0;
        return next + 1 + has_year;
    }
    if (!kmi_token_has(token, KMI_W_MONTH) || (token->flags & KMI_T_CAPITAL) == 0 || at + 1 >= tokens->count) return 0;
    next = at + 1;
    kmi_slice day = kmi_tokens_text(tokens, next, next + 1);
    if ((tokens->items[next].flags & KMI_T_NUMBER) == 0 || day.len > 4) return 0;
    if (day.len == 4 && is_digit(day.ptr[3])) return next + 1; /* March 2025 */
    next++;
    if (next + 1 < tokens->count && kmi_token_is(&tokens->items[next], ",") &&
        (tokens->items[next + 1].flags & KMI_T_NUMBER) != 0 &&
        tokens->items[next + 1].end - tokens->items[next + 1].start == 4)
        return next + 2;
    if (next < tokens->count && (tokens->items[next].flags & KMI_T_NUMBER) != 0 &&
        tokens->items[next].end - tokens->items[next].start == 4)
        return next + 1;
    return next;
}

/* "7/15/2026", "15.7.2026", "2026/07/15". */
static bool is_numeric_date(kmi_slice text) {
    size_t parts[3] = {0}, count = 0;
    char mark = '\0';
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit(text.ptr[i])) {
            parts[count]++;
        } else if (strchr("/.-", text.ptr[i]) != NULL && (mark == '\0' || mark == text.ptr[i]) && count < 2) {
            mark = text.ptr[i];
            count++;
        } else {
            return false;
        }
    }
    if (count != 2 || parts[1] == 0 || parts[1] > 2) return false;
    return (parts[0] == 4 && parts[2] >= 1 && parts[2] <= 2) || (parts[0] >= 1 && parts[0] <= 2 && parts[2] == 4);
}

/* ".clang-format", ".nvmrc", ".gitignore": a file by its dot. */
static bool is_dotfile(kmi_slice text) {
    static const char names[] =
        ".env .git .ssh .netrc .profile .htaccess .htpasswd .inputrc .screenrc .tmux .aws .kube .node-version "
        ".python-version .ruby-version .mailmap .babelrc .flake8 .coveragerc .pypirc .rspec .rubocop .helmignore";
    if (text.len < 4 || text.ptr[0] != '.' || !is_lower(text.ptr[1])) return false;
    size_t hyphens = 0;
    for (size_t i = 1; i < text.len; i++) {
        if (!is_lower(text.ptr[i]) && !is_digit(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '_') return false;
        hyphens += text.ptr[i] == '-';
    }
    return hyphens > 0 || kmi_slice_ends_with(text, KMI_SLICE_LITERAL("rc")) ||
           kmi_slice_ends_with(text, KMI_SLICE_LITERAL("ignore")) || is_listed(text, names);
}

/* "git@host:path/x.git" */
static bool is_clone_address(kmi_slice text) {
    const char *at = memchr(text.ptr, '@', text.len);
    const char *colon = at != NULL ? memchr(at, ':', (size_t)(text.ptr + text.len - at)) : NULL;
    return colon != NULL && at > text.ptr && colon + 2 < text.ptr + text.len && !is_digit(colon[1]) &&
           (has(text, "/") || has(text, ".git"));
}

/* "@types/node": a package of a scope. */
static bool is_scoped_package(kmi_slice text) {
    if (text.len < 5 || text.ptr[0] != '@' || !is_lower(text.ptr[1]) || count_byte(text, '/') != 1) return false;
    for (size_t i = 1; i < text.len; i++)
        if (!is_lower(text.ptr[i]) && !is_digit(text.ptr[i]) && strchr("-._/", text.ptr[i]) == NULL) return false;
    return text.ptr[text.len - 1] != '/';
}

/* "PGSSLMODE is set to …": capitals alone are a setting where they are set. */
static bool is_set_here(const kmi_tokens *tokens, size_t at) {
    const kmi_token *token = &tokens->items[at];
    if ((token->flags & KMI_T_ALL_CAPS) == 0 || at + 1 >= tokens->count) return false;
    const kmi_token *next = &tokens->items[at + 1], *before = at > 0 ? &tokens->items[at - 1] : NULL;
    bool is_told =
        at + 3 < tokens->count && kmi_token_is_any(next, "is|was|must|should") &&
        (kmi_token_is_any(&tokens->items[at + 2], "set|unset|exported") ||
         (kmi_token_is(&tokens->items[at + 2], "be") && kmi_token_is_any(&tokens->items[at + 3], "set|exported")));
    bool is_named = kmi_token_is_any(next, "variable|env|environment") ||
                    (before != NULL && kmi_token_is_any(before, "variable|export|setenv|unset"));
    return (is_told || is_named) && token->lower.len >= 2;
}

/* A quoted path may hold blanks: up to the closing quote. Returns the token behind, or at + 1. */
static size_t end_of_quoted_path(const kmi_tokens *tokens, size_t at) {
    kmi_slice text = kmi_tokens_text(tokens, at, at + 1);
    bool is_path = text.len > 3 && ((text.ptr[1] == ':' && text.ptr[2] == '\\') ||
                                    kmi_slice_starts_with(text, KMI_SLICE_LITERAL("~/")) ||
                                    (text.ptr[0] == '/' && count_byte(text, '/') > 1));
    if (!is_path || (tokens->items[at].flags & KMI_T_QUOTED) == 0) return at + 1;
    size_t end = at + 1;
    while (end < tokens->count && end - at < 8 &&
           (tokens->items[end].flags & (KMI_T_QUOTED | KMI_T_PUNCT)) == KMI_T_QUOTED)
        end++;
    bool is_closed = end < tokens->count && (tokens->items[end].flags & KMI_T_PUNCT) != 0 &&
                     kmi_token_is_any(&tokens->items[end], "\"|`|'");
    return is_closed && is_listed(extension_of(kmi_tokens_text(tokens, end - 1, end)), extensions) ? end : at + 1;
}

static const char *type_by_shape(const kmi_tokens *tokens, size_t at, kmi_slice text, const kmi_entity_list *list) {
    const kmi_token *token = &tokens->items[at];
    if ((token->flags & (KMI_T_SHAPED | KMI_T_DIGIT)) == 0) {
        if (is_set_here(tokens, at)) return "configuration";
        if ((token->flags & KMI_T_CAPITAL) != 0 && text.len >= 6 && is_listed(text, bare_files)) return "file";
        return is_database_object(tokens, at, text) ? "database_object" : NULL;
    }
    if (is_email(text)) return "email";
    if (is_numeric_date(text)) return "date";
    if (is_scoped_package(text)) return "technology";
    if (is_clone_address(text)) return "url";
    if (is_dotfile(text)) return "file";
    if (is_version(tokens, at, list)) return "version";
    if (is_clock(text)) return NULL;
    if (is_url(text) && !is_listed(text, "fly.io socket.io next.js node.js")) return "url";
    if (is_endpoint(tokens, at, text)) return "endpoint";
    if (is_file(text)) return "file";
    if (is_setting(text)) return "configuration";
    return is_database_object(tokens, at, text) ? "database_object" : NULL;
}

void kmi_entities_find_shapes(const kmi_tokens *tokens, size_t first, kmi_entity_list *list) {
    for (size_t at = first; at < tokens->count; at++) {
        const kmi_token *token = &tokens->items[at];
        if ((token->flags & KMI_T_PUNCT) != 0) continue;
        size_t date_end =
            (token->flags & KMI_T_NUMBER) != 0 || kmi_token_has(token, KMI_W_MONTH) ? match_date(tokens, at) : 0;
        if (date_end > 0) {
            kmi_entities_add(list, kmi_tokens_text(tokens, at, date_end), "date", at, date_end);
            at = date_end - 1;
            continue;
        }
        kmi_slice text = kmi_tokens_text(tokens, at, at + 1);
        kmi_slice variable = variable_name(text);
        const char *type = variable.len > 0 ? "configuration" : type_by_shape(tokens, at, text, list);
        size_t end = type != NULL && strcmp(type, "file") == 0 ? end_of_quoted_path(tokens, at) : at + 1;
        if (end > at + 1) text = kmi_tokens_text(tokens, at, end);
        if (type != NULL) kmi_entities_add(list, variable.len > 0 ? variable : text, type, at, end);
        at = end - 1;
    }
}
