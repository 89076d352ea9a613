#!/bin/sh
# Regenerates web/vendor from the npm packages named below.
#
# The page has no build step, and its Content-Security-Policy forbids an import map, so
# the browser must find each module by a relative path: this script rewrites the bare
# names by which the packages import each other. It changes nothing else, except the
# pointer to a source map that is not served. Of Lucide's icons it takes the few that the
# page has, as one module. Running it again leaves the tree unchanged,
# as the checksums guarantee.
#
# The folder is flat on purpose: Go leaves <anything>/vendor/<folder>/… out of
# the module that `go install …@latest` downloads, and the page is embedded.
#
# Needs npm with node, tar, sha256sum and sed. To move to a newer version, change the
# line below and put in the checksum that the failing run prints.
set -eu

packages='
preact               11.2.0 3c4456766bd32b6b534d52bf4e9c2a29b33e7eedf6e96ed479300ba1a7888ebf
htm                  3.1.1  2425b9bee11409177bcabc7f32e319926fc6690c1701c0b257c88bdff2d5ba90
@preact/signals      2.11.4 66ea8221dd8aaa0da2365d49c3f116b071d56cfb63b2e16c072c6b4e08a928b7
@preact/signals-core 1.14.5 94c421ac996214c94f532fb4c43d8ede048a16df0cd9538ffb965174dbe8daba
lucide-static        1.62.0 386f9080c440d6f5049cefe3456ae8357f7a0c7f76e59670cd1cb83bc7050a44
'

icons='arrow-down check chevron-down chevron-left chevron-right circle-question-mark contrast eye hand hourglass moon pause
    pencil play plus step-back step-forward sun trash-2 triangle-alert unplug x'

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/web/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# fetch NAME VERSION SHA256: unpacks the package into $work/NAME, @ and / as -.
fetch() {
    folder=$work/$(echo "$1" | tr -d @ | tr / -)
    mkdir "$folder"
    file=$(cd "$work" && npm pack --silent --loglevel=error "$1@$2" 2>/dev/null) || {
        echo "vendor-web: npm could not fetch $1@$2; is the registry reachable?" >&2
        exit 1
    }
    sum=$(sha256sum "$work/$file" | cut -d' ' -f1)
    if [ "$sum" != "$3" ]; then
        echo "vendor-web: $1@$2 has the checksum $sum, not $3" >&2
        exit 1
    fi
    tar xzf "$work/$file" -C "$folder" --strip-components=1
}

# put FROM TO: copies one file with its imports made relative.
put() {
    sed -E \
        -e '/^\/\/# sourceMappingURL=/d' \
        -e 's#(from ?)(["'\''])preact/hooks["'\'']#\1\2./hooks.js\2#g' \
        -e 's#(from ?)(["'\''])preact["'\'']#\1\2./preact.js\2#g' \
        -e 's#(from ?)(["'\''])@preact/signals-core["'\'']#\1\2./signals-core.js\2#g' \
        -e 's#(from ?)(["'\''])(\./|\.\./\.\./src/)index["'\'']#\1\2./preact.js\2#g' \
        -e 's#(from ?)(["'\''])\./(jsx|dom)["'\'']#\1\2./preact-\3.js\2#g' \
        "$work/$1" > "$out/$2"
}

echo "$packages" | while read -r name version sum; do
    if [ -n "$name" ]; then fetch "$name" "$version" "$sum"; fi # after ||, set -e would mean nothing in fetch
done

rm -rf "$out"
mkdir "$out"

put preact/dist/preact.mjs        preact.js
put preact/src/index.d.ts         preact.d.ts
put preact/src/jsx.d.ts           preact-jsx.d.ts
put preact/src/dom.d.ts           preact-dom.d.ts
put preact/hooks/dist/hooks.mjs   hooks.js
put preact/hooks/src/index.d.ts   hooks.d.ts
put htm/dist/htm.mjs              htm.js
put htm/dist/htm.d.ts             htm.d.ts
put preact-signals/dist/signals.mjs           signals.js
put preact-signals/dist/signals.d.ts          signals.d.ts
put preact-signals-core/dist/signals-core.mjs  signals-core.js
put preact-signals-core/dist/signals-core.d.ts signals-core.d.ts

node -e '
const [folder, list] = process.argv.slice(1);
const names = list.split(/\s+/).filter(Boolean);
const shapes = (name) => [...require("fs").readFileSync(`${folder}/${name}.svg`, "utf8").matchAll(/<(path|rect|circle) ([^>]*?) *\/>/g)].map(
  ([, tag, attributes]) => [tag, Object.fromEntries([...attributes.matchAll(/([a-z0-9]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))]);
console.log("/** The shapes of each icon, on 24 by 24. @type {Record<string, [string, Record<string, string>][]>} */\nexport const lucide = {");
for (const name of names) console.log(`  ${JSON.stringify(name)}: ${JSON.stringify(shapes(name))},`);
console.log("};");
' "$work/lucide-static/icons" "$icons" > "$out/lucide.js"

cp "$work/lucide-static/LICENSE"       "$out/lucide.LICENSE"
cp "$work/preact/LICENSE"              "$out/preact.LICENSE"
cp "$work/htm/LICENSE"                 "$out/htm.LICENSE"
cp "$work/preact-signals/LICENSE"      "$out/signals.LICENSE"
cp "$work/preact-signals-core/LICENSE" "$out/signals-core.LICENSE"
chmod 644 "$out"/*

# A remaining bare import would be a blank page; better to fail here.
if grep -nE '(from|import) ?["'\''][^."'\'']' "$out"/*.js "$out"/*.d.ts; then
    echo "vendor-web: the imports above are not relative" >&2
    exit 1
fi

{
    echo 'The modules in this folder come unchanged from npm, but for their import'
    echo 'paths and the choice of icons; scripts/vendor-web.sh writes them.'
    echo
    echo "$packages" | while read -r name version _; do
        [ -z "$name" ] || echo "- $name $version"
    done
} > "$out/README.md"
