#include "formats/gguf/identify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/text.h"

namespace qualm::gguf {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kAgain = "Download it again.";
constexpr std::string_view kUnpack = "Unpack it and name the model inside.";
constexpr std::string_view kFolder =
    "Name the folder that holds it, or the GGUF made from it with convert_hf_to_gguf.py.";
constexpr std::string_view kOld =
    "This format ended in 2023: take a GGUF of the model, or convert the original anew.";

struct Magic {
  std::string_view begins;
  std::string_view name;
  std::string_view advice;
};

constexpr std::array<Magic, 12> kMagics = {{
    {"version https://git-lfs.github.com/spec/"sv, "a Git LFS pointer, not the file it points to",
     "Fetch the file with `git lfs pull`."},
    {"lmgg"sv, "an old GGML file", kOld},
    {"fmgg"sv, "an old GGMF file", kOld},
    {"tjgg"sv, "an old GGJT file", kOld},
    {"PK\x03\x04"sv, "a ZIP archive, as PyTorch writes its checkpoints", kFolder},
    {"\x80\x02"sv, "a Python pickle, as old PyTorch checkpoints are", kFolder},
    {"\x1f\x8b"sv, "a gzip archive", kUnpack},
    {"\x28\xb5\x2f\xfd"sv, "a zstd archive", kUnpack},
    {"\xfd\x37zXZ"sv, "an xz archive", kUnpack},
    {"7z\xbc\xaf"sv, "a 7-Zip archive", kUnpack},
    {"\x7f"
     "ELF"sv,
     "a program (ELF)", "Name the model file."},
    {"SQLite format 3"sv, "an SQLite database", "Name the model file."},
}};

constexpr std::size_t kLooked = 64;

bool is_html(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return false;
  const std::string head = lower_case(text.substr(start, 14));
  return head.starts_with("<!doctype html") || head.starts_with("<html");
}

bool is_safetensors(std::string_view text) {
  if (text.size() < 10 || text[8] != '{') return false;
  std::uint64_t header = 0;
  std::memcpy(&header, text.data(), sizeof(header));
  return header <= text.size() - sizeof(header);
}

/// i32 entries, then for each i32 length and that many bytes of a tensor's name.
bool is_old_imatrix(std::string_view text) {
  constexpr std::int32_t kMostEntries = 1 << 20;
  constexpr std::int32_t kLongestName = 128;
  std::int32_t entries = 0;
  std::int32_t length = 0;
  if (text.size() < 8) return false;
  std::memcpy(&entries, text.data(), sizeof(entries));
  std::memcpy(&length, text.data() + 4, sizeof(length));
  if (entries < 1 || entries > kMostEntries || length < 1 || length > kLongestName) return false;
  return text.substr(8, static_cast<std::size_t>(length)).ends_with(".weight");
}

bool is_text(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return std::isprint(c) != 0 || c == '\n' || c == '\r' || c == '\t';
  });
}

}  // namespace

Identity identify(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view head = text.substr(0, kLooked);
  if (text.empty()) return {"an empty file", std::string(kAgain)};
  for (const Magic& magic : kMagics)
    if (text.starts_with(magic.begins)) return {std::string(magic.name), std::string(magic.advice)};
  if (is_html(head))
    return {"a web page (HTML)",
            "Download the file itself, not the page that shows it (on Hugging Face: /resolve/ "
            "instead of /blob/)."};
  if (is_old_imatrix(text))
    return {"an importance matrix, as older versions of llama-imatrix write it",
            "Give the model, and this file with --imatrix (qualm diagnose)."};
  if (is_safetensors(text)) return {"a safetensors file", std::string(kFolder)};
  if (std::ranges::all_of(head, [](char c) { return c == '\0'; }))
    return {"zeros", "The download did not finish: download it again."};
  if (is_text(head))
    return {fmt::format("text: \"{}\"", head.substr(0, std::min<std::size_t>(32, head.find('\n')))),
            "Name the model file."};
  std::string hex;
  for (const std::byte b : bytes.first(std::min<std::size_t>(4, bytes.size())))
    hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", std::to_integer<int>(b));
  return {"bytes " + hex, "Check that this is the model file."};
}

}  // namespace qualm::gguf
