#include "base/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace qualm {
namespace {

std::string digest(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return std::move(hash).hex();
}

// NIST's examples for FIPS 180-4 and the empty message.
TEST(Sha256, known_answers) {
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, the_cut_into_pieces_does_not_matter) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (const std::size_t step : {1u, 55u, 56u, 63u, 64u, 65u, 128u}) {
    Sha256 hash;
    for (std::size_t i = 0; i < text.size(); i += step) hash.add(text.substr(i, step));
    EXPECT_EQ(std::move(hash).hex(), digest(text)) << step;
  }
}

}  // namespace
}  // namespace qualm
