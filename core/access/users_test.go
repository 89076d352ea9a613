package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func openUsers(t *testing.T, path string) *Users {
	t.Helper()
	u, err := OpenUsers(path)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func add(t *testing.T, u *Users, name string, role Role) string {
	t.Helper()
	token, err := u.Add(name, role)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A user is known by the token and by the cookie of a link, each until it is replaced or
// the user is removed, at once and in every process.
func TestUsers(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "deep", "users")
	k, u := openKey(t, folder), openUsers(t, path)
	g := New(k, openUsers(t, path))
	bearer := func(token string) Principal {
		p, _ := g.Allows(request("/", "Authorization", "Bearer "+token))
		return p
	}
	visit := func(name string) string {
		t.Helper()
		user, err := u.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		code, err := k.NewCode(&user)
		if err != nil {
			t.Fatal(err)
		}
		cookie, err := g.Redeem(request("/"), code)
		if err != nil {
			t.Fatal(err)
		}
		return cookie.Name + "=" + cookie.Value
	}
	browser := func(cookie string) Principal {
		p, _ := g.Allows(request("/", "Cookie", cookie, "Sec-Fetch-Site", "same-origin"))
		return p
	}
	nobody := Principal{}

	anna, tom := add(t, u, "anna", Student), add(t, u, "t.om@school.example", Teacher)
	if got := bearer(anna); got != (Principal{"anna", Student, Token}) {
		t.Errorf("%+v", got)
	}
	if got := bearer(tom); got != (Principal{"t.om@school.example", Teacher, Token}) {
		t.Errorf("%+v", got)
	}
	if got := bearer(token(t, k)); got != Own(Token) {
		t.Errorf("%+v", got)
	}
	annas, toms := visit("anna"), visit("t.om@school.example")
	if got := browser(annas); got != (Principal{"anna", Student, Browser}) {
		t.Errorf("%+v", got)
	}
	if got := browser(toms); got != (Principal{"t.om@school.example", Teacher, Browser}) {
		t.Errorf("%+v", got)
	}
	for _, forged := range []string{strings.Replace(annas, "=anna", "=t.om@school.example", 1), strings.Replace(annas, "=anna.", "=", 1), strings.Replace(annas, "=anna", "=nobody", 1)} {
		if got := browser(forged); got != nobody {
			t.Errorf("%q: %+v", forged, got)
		}
	}

	again := add(t, u, "anna", Viewer)
	if got := []Principal{bearer(anna), browser(annas)}; got[0] != nobody || got[1] != nobody {
		t.Errorf("what was replaced: %+v", got)
	}
	if got := bearer(again); got.Role != Viewer {
		t.Errorf("%+v", got)
	}
	user, _ := u.Find("t.om@school.example")
	late, _ := k.NewCode(&user)
	if err := u.Remove("t.om@school.example"); err != nil {
		t.Fatal(err)
	}
	if got := []Principal{bearer(tom), browser(toms)}; got[0] != nobody || got[1] != nobody {
		t.Errorf("who was removed: %+v", got)
	}
	if _, err := g.Redeem(request("/"), late); err != ErrCode {
		t.Errorf("a link of who was removed: %v", err)
	}
	if err := u.Remove("t.om@school.example"); !errors.Is(err, ErrNoUser) {
		t.Error(err)
	}
	if all, err := u.List(); len(all) != 1 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if text, _ := os.ReadFile(path); strings.Contains(string(text), again) {
		t.Error("the file has a token in it")
	}
}

// What a file says that is not understood is refused with its line, and never written
// over; comments stay.
func TestUsersThatAreRefused(t *testing.T) {
	hash := "sha256:" + strings.Repeat("ab", 32)
	for text, want := range map[string]string{
		"anna student\n":                                       "line 1: want a name",
		"\n# x\nAnna student " + hash + "\n":                   "line 3: name",
		"anna root " + hash + "\n":                             "the roles are admin",
		"anna student " + hash[:20] + "\n":                     "64 hexadecimal digits",
		"anna student " + hash + "\nanna admin " + hash + "\n": "twice",
		"../x student " + hash + "\n":                          "name",
	} {
		path := filepath.Join(t.TempDir(), "users")
		os.WriteFile(path, []byte(text), 0o600)
		if _, err := OpenUsers(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := (&Users{path}).Add("tom", Student); err == nil {
			t.Errorf("%q was written over", text)
		}
	}
	path := filepath.Join(t.TempDir(), "users")
	os.WriteFile(path, []byte("# the class of 9b\nanna student "+hash), 0o600)
	u := openUsers(t, path)
	add(t, u, "tom", Student)
	if text, _ := os.ReadFile(path); !strings.HasPrefix(string(text), "# the class of 9b\nanna student "+hash+"\ntom student sha256:") {
		t.Errorf("%q", text)
	}
	os.Chmod(path, 0o620)
	if _, err := OpenUsers(path); err == nil || !strings.Contains(err.Error(), "written by others") {
		t.Error(err)
	}
}

// The page's name is kept, and the same for all who ask at once; a file with another's
// name is refused.
func TestOpenOrigin(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	name, err := OpenOrigin(folder)
	again, err2 := OpenOrigin(folder)
	if err != nil || err2 != nil || name != again || !strings.HasPrefix(name, "wb-") || !strings.HasSuffix(name, ".localhost") {
		t.Errorf("%q, %q, %v, %v", name, again, err, err2)
	}
	os.WriteFile(filepath.Join(folder, "origin"), []byte("example.com\n"), 0o600)
	if _, err := OpenOrigin(folder); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Error(err)
	}
}
