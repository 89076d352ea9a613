#!/usr/bin/env bash
# Writes manifests for Homebrew, Scoop and winget into DIR/manifests, of the archives in DIR
# and their sums in DIR/SHA256SUMS. scripts/release.sh runs it. Nothing is uploaded.
#
#     VERSION=X.Y.Z RELEASES=URL scripts/manifests.sh DIR
#
# What the release does not have, as one for a single platform, its manifests leave out.
set -euo pipefail
cd "$1"
url=$RELEASES/v$VERSION
sum() { # FILE: its sum, or nothing
	awk -v name="$1" '$2 == name { print $1 }' SHA256SUMS
}
mkdir -p manifests

homebrew() { # OS ARCH HOMEBREW'S-WORD
	local file=workbench_${VERSION}_$1_$2.tar.gz sum
	sum=$(sum "$file")
	[ -z "$sum" ] || printf '    on_%s do\n      url "%s"\n      sha256 "%s"\n    end\n' "$3" "$url/$file" "$sum"
}
cat >manifests/workbench.rb <<END
class Workbench < Formula
  desc "Talk to network services by hand, and see every byte"
  homepage "https://github.com/protocol-workbench/workbench"
  version "$VERSION"
  license "MIT"

  on_macos do
$(homebrew darwin arm64 arm; homebrew darwin amd64 intel)
  end

  on_linux do
$(homebrew linux arm64 arm; homebrew linux amd64 intel)
  end

  def install
    bin.install "workbench"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/workbench.bash" => "workbench"
    zsh_completion.install "completions/_workbench"
    fish_completion.install "completions/workbench.fish"
  end

  service do
    run [opt_bin/"workbench", "serve"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/workbench version")
  end
end
END

scoop=() winget=()
for arch in amd64 arm64; do
	name=workbench_${VERSION}_windows_$arch
	sum=$(sum "$name.zip")
	[ -n "$sum" ] || continue
	word=64bit short=x64
	[ $arch = amd64 ] || { word=arm64 short=arm64; }
	scoop+=("$(printf '    "%s": { "url": "%s", "hash": "%s", "extract_dir": "%s" }' $word "$url/$name.zip" "$sum" "$name")")
	winget+=("$(printf -- '- Architecture: %s\n  InstallerUrl: %s\n  InstallerSha256: %s\n  NestedInstallerFiles:\n  - RelativeFilePath: %s\\workbench.exe\n    PortableCommandAlias: workbench' $short "$url/$name.zip" "${sum^^}" "$name")")
done
[ ${#scoop[@]} -gt 0 ] || exit 0
cat >manifests/workbench.json <<END
{
  "version": "$VERSION",
  "description": "Talk to network services by hand, and see every byte",
  "homepage": "https://github.com/protocol-workbench/workbench",
  "license": "MIT",
  "architecture": {
$(printf '%s\n' "${scoop[@]}" | sed '$!s/$/,/')
  },
  "bin": "workbench.exe"
}
END
id=ProtocolWorkbench.Workbench
head=$(printf 'PackageIdentifier: %s\nPackageVersion: %s' $id "$VERSION")
cat >manifests/$id.yaml <<END
$head
DefaultLocale: en-US
ManifestType: version
ManifestVersion: 1.6.0
END
cat >manifests/$id.installer.yaml <<END
$head
InstallerType: zip
NestedInstallerType: portable
Installers:
$(printf '%s\n' "${winget[@]}")
ManifestType: installer
ManifestVersion: 1.6.0
END
cat >manifests/$id.locale.en-US.yaml <<END
$head
PackageLocale: en-US
Publisher: Protocol Workbench
PackageName: Protocol Workbench
PackageUrl: https://github.com/protocol-workbench/workbench
License: MIT
ShortDescription: Talk to network services by hand, and see every byte
ManifestType: defaultLocale
ManifestVersion: 1.6.0
END
