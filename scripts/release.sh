#!/usr/bin/env bash
# Makes what a release is made of, in dist: for each platform an archive and an SBOM, for
# Linux the packages deb and rpm, manifests for Homebrew, Scoop and winget, and SHA256SUMS.
# Two runs from one commit, with the same Go, give the same files.
#
#     scripts/release.sh [--snapshot] [--out DIR] [OS/ARCH]...
#
# Without --snapshot the commit must have a tag vX.Y.Z, and nothing may be uncommitted.
# COSIGN_KEY, a key as cosign 2 names it (a file, or a KMS), has cosign sign SHA256SUMS. No
# log of Sigstore's is told: the public key is enough to check the signature.
# Needs Go, git, python3 (for zip) and Go's module proxy, from which the tools below come.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "release: $*" >&2; exit 1; }

# Not in go.mod, whose every module comes with the SDK to authors of plugins.
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0
cyclonedx=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
releases=https://github.com/protocol-workbench/workbench/releases/download

snapshot='' out=dist platforms=()
while [ $# -gt 0 ]; do
	case $1 in
	--snapshot) snapshot=yes ;;
	--out) out=$2 && shift ;;
	-*) fail "unknown option $1; see the head of scripts/release.sh" ;;
	*) platforms+=("$1") ;;
	esac
	shift
done
[ ${#platforms[@]} -gt 0 ] || platforms=({linux,darwin,windows}/{amd64,arm64})

if [ -n "$snapshot" ]; then
	version=0.0.0-snapshot.g$(git rev-parse --short=12 HEAD)
else
	[ -z "$(git status --porcelain)" ] || fail "there are uncommitted changes; commit them, or say --snapshot"
	version=$(git describe --tags --exact-match --match 'v*') || fail "this commit has no tag; tag it vX.Y.Z, or say --snapshot"
	version=${version#v}
fi

[ -z "${COSIGN_KEY:-}" ] || command -v cosign >/dev/null || fail "COSIGN_KEY is set, and there is no cosign in PATH; install it, or unset COSIGN_KEY"

# What would otherwise get into the files: the time, the place, the user, and Go's settings.
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct HEAD)
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C
export CGO_ENABLED=0 GOFLAGS='' GOWORK=off GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT=''
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/tools"
[ -z "$(ls -A "$out")" ] || fail "$out is not empty; remove it first, so that its sums are those of one run"
out=$(cd "$out" && pwd)
GOBIN=$work/tools go install -trimpath "$nfpm"
GOBIN=$work/tools go install -trimpath "$cyclonedx"

# binary OS/ARCH: builds it unless it is there, and prints its path.
binary() {
	local file=$work/bin/$1/workbench
	mkdir -p "${file%/*}"
	[[ $1 != windows/* ]] || file+=.exe
	[ -e "$file" ] || GOOS=${1%/*} GOARCH=${1#*/} go build -trimpath -buildvcs=true -ldflags='-s -w' -o "$file" ./cmd/workbench
	echo "$file"
}

# What is the same for all platforms, as archives have it.
host=$(binary "$(go env GOHOSTOS)/$(go env GOHOSTARCH)")
common=$work/common
mkdir -p "$common/completions"
cp LICENSE README.md CHANGELOG.md "$common"
"$host" man "$common/man" >/dev/null
"$host" completion bash >"$common/completions/workbench.bash"
"$host" completion zsh >"$common/completions/_workbench"
"$host" completion fish >"$common/completions/workbench.fish"
"$host" completion powershell >"$common/completions/workbench.ps1"

# archive NAME BINARY OS
archive() {
	local tree=$work/archive/$1
	mkdir -p "$tree"
	cp -R "$common/." "$2" "$tree"
	[ "$3" != linux ] || cp deploy/workbench.service deploy/workbench.socket "$tree"
	if [ "$3" = windows ]; then
		(cd "$work/archive" && python3 - "$1" "$out/$1.zip") <<-'END'
			import os, sys, time, zipfile
			when = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
			with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
			    for folder, folders, files in os.walk(sys.argv[1]):
			        folders.sort()
			        for name in sorted(files):
			            path = os.path.join(folder, name)
			            entry = zipfile.ZipInfo(path, when)
			            entry.external_attr = 0o644 << 16
			            entry.compress_type = zipfile.ZIP_DEFLATED
			            with open(path, "rb") as f:
			                z.writestr(entry, f.read())
		END
		return
	fi
	# Packed as ustar by Python too: the tar of macOS knows no --sort.
	(cd "$work/archive" && python3 - "$1" "$out/$1.tar.gz") <<-'END'
		import gzip, os, sys, tarfile
		when = int(os.environ["SOURCE_DATE_EPOCH"])
		def same(entry):
		    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = when, 0, 0, "", ""
		    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
		    return entry
		with open(sys.argv[2], "wb") as f, gzip.GzipFile("", "wb", 9, f, when) as z:
		    with tarfile.open(fileobj=z, mode="w", format=tarfile.USTAR_FORMAT) as t:
		        t.add(sys.argv[1], filter=same) # sorts each folder
	END
}

# What packages have: compressed pages, and units for where the package puts the program.
stage=$work/package
mkdir -p "$stage/man"
for page in "$common"/man/*; do gzip -9n <"$page" >"$stage/man/${page##*/}.gz"; done
cp deploy/workbench.socket "$stage"
sed 's|/usr/local/bin/|/usr/bin/|' deploy/workbench.service >"$stage/workbench.service"

for platform in "${platforms[@]}"; do
	os=${platform%/*} arch=${platform#*/}
	name=workbench_${version}_${os}_$arch
	echo "release: $name"
	file=$(binary "$platform")
	archive "$name" "$file" "$os"
	"$work/tools/cyclonedx-gomod" bin -json -noserial -notimestamp -version "v$version" -output "$out/$name.cdx.json" "$file" 2>"$work/log" || fail "$(cat "$work/log")"
	[ "$os" = linux ] || continue
	for kind in deb rpm; do
		VERSION=$version ARCH=$arch BINARY=$file STAGE=$stage COMMON=$common \
			"$work/tools/nfpm" package --config deploy/package/nfpm.yaml --packager "$kind" --target "$out/$name.$kind" >/dev/null
	done
done

(cd "$out" && sha256sum -- * >SHA256SUMS)
if [ -n "${COSIGN_KEY:-}" ]; then
	cosign sign-blob --yes --tlog-upload=false --key "$COSIGN_KEY" --output-signature "$out/SHA256SUMS.sig" "$out/SHA256SUMS"
fi
VERSION=$version RELEASES=$releases scripts/manifests.sh "$out"
echo "release: $out has $(wc -l <"$out/SHA256SUMS") files of $version"
