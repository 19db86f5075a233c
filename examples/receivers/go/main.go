// A receiver of Spark360 webhooks as ../CONTRACT.md describes it: verified, stored once, gaps known. No dependencies.
//
//	SPARK360_SECRETS=whsec_… STORE=events.jsonl PORT=3000 go run .        (Go 1.22 or newer)
package main

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	tolerance   = 5 * time.Minute
	largestBody = 4 << 20
)

func main() {
	secrets := strings.Fields(os.Getenv("SPARK360_SECRETS"))
	if len(secrets) == 0 {
		log.Fatal("SPARK360_SECRETS: expected one or more secrets, separated by spaces")
	}
	store := openStore(cmp.Or(os.Getenv("STORE"), "events.jsonl"))
	http.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		health, _ := store.report()
		writeJSON(w, health)
	})
	http.HandleFunc("GET /gaps", func(w http.ResponseWriter, _ *http.Request) {
		_, gaps := store.report()
		writeJSON(w, gaps)
	})
	http.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(receive(store, secrets, w, r)) })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "3000"), nil))
}

func receive(store *store, secrets []string, w http.ResponseWriter, r *http.Request) int {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	if err == nil && !isGenuine(body, r.Header, secrets) {
		return http.StatusUnauthorized
	}
	status := 0
	if err == nil {
		status, err = store.add(body, r.Header)
	}
	if err != nil {
		log.Print(err)
		return http.StatusInternalServerError // The sender tries again.
	}
	return status
}

func isGenuine(body []byte, headers http.Header, secrets []string) bool {
	listed, timestamp := headers.Get("webhook-signature"), headers.Get("webhook-timestamp")
	// Without the Standard Webhooks headers, which a proxy may drop, age is unknown: duplicates are noticed all the same.
	given := []string{headers.Get("x-spark360-signature"), headers.Get("x-spark360-signature-next")}
	if listed != "" {
		seconds, err := strconv.ParseInt(timestamp, 10, 64)
		if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
			return false
		}
		given = strings.Split(listed, " ")
	}
	signed := append([]byte(headers.Get("webhook-id")+"."+timestamp+"."), body...)
	for _, secret := range secrets {
		expected := "sha256=" + hex.EncodeToString(sign([]byte(secret), body))
		if listed != "" {
			key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
			expected = "v1," + base64.StdEncoding.EncodeToString(sign(key, signed))
		}
		for _, one := range given {
			if hmac.Equal([]byte(one), []byte(expected)) {
				return true
			}
		}
	}
	return false
}

func sign(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func writeJSON(w http.ResponseWriter, content any) {
	w.Header().Set("content-type", "application/json")
	if err := json.NewEncoder(w).Encode(content); err != nil {
		log.Print(err)
	}
}

func must[Value any](value Value, err error) Value {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
