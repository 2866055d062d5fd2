#include "remote/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qualm::remote {
namespace {

Address good(const std::string& word) {
  const auto address = parse_address(word);
  EXPECT_TRUE(address) << word;
  return address.value_or(Address{});
}

TEST(Address, has_a_host_and_a_port) {
  const Address address = good("http://127.0.0.1:8080");
  EXPECT_EQ(address.base, "http://127.0.0.1:8080");
  EXPECT_EQ(address.port, 8080);
  EXPECT_TRUE(address.loopback);
  EXPECT_FALSE(address.encrypted);
}

TEST(Address, has_the_usual_port_where_it_names_none) {
  EXPECT_EQ(good("http://gpu.lan").port, 80);
  EXPECT_EQ(good("https://gpu.lan").port, 443);
  EXPECT_TRUE(good("https://gpu.lan").encrypted);
  EXPECT_EQ(good("http://[::1]").port, 80);
}

TEST(Address, may_end_in_a_slash) { EXPECT_EQ(good("http://gpu.lan:1/").base, "http://gpu.lan:1"); }

TEST(Address, of_this_machine_is_known) {
  for (const char* word : {"http://localhost", "http://LocalHost:1", "http://127.9.9.9:1",
                           "http://[::1]:8080", "http://[::1]"})
    EXPECT_TRUE(good(word).loopback) << word;
  for (const char* word : {"http://gpu.lan", "http://192.168.1.1:127", "http://localhost.lan:1",
                           "http://[fe80::1]:8080", "http://10.127.0.0"})
    EXPECT_FALSE(good(word).loopback) << word;
}

TEST(Address, a_name_that_begins_as_a_number_is_another_machine) {
  EXPECT_FALSE(good("http://127.example.org:1").loopback);
  EXPECT_FALSE(good("http://127.0.0.1.example.org:1").loopback);
}

TEST(Address, that_is_none_is_refused) {
  for (const char* word : {"",
                           "model.gguf",
                           "ftp://host",
                           "http://",
                           "http:///",
                           "http://user@host",
                           "http://user:word@host:1",
                           "http://host/v1",
                           "http://host?x",
                           "http://host#x",
                           "http://host:",
                           "http://host:0",
                           "http://host:65536",
                           "http://host:8o",
                           "http://host:-1",
                           "http://host:1 ",
                           "http://ho st",
                           "http://host\n:1",
                           "http://host:99999999999999999999",
                           "HTTP://host"}) {
    const auto address = parse_address(word);
    ASSERT_FALSE(address) << word;
    EXPECT_EQ(address.error().code, "REMOTE-001") << word;
  }
}

TEST(Address, a_password_in_it_is_not_shown) {
  const auto address = parse_address("http://user:the-secret@host");
  ASSERT_FALSE(address);
  EXPECT_THAT(describe(address.error()), testing::Not(testing::HasSubstr("the-secret")));
}

TEST(Address, is_told_from_a_file) {
  EXPECT_TRUE(is_address("http://x"));
  EXPECT_TRUE(is_address("https://x"));
  EXPECT_FALSE(is_address("http.gguf"));
  EXPECT_FALSE(is_address("hf:o/r"));
}

}  // namespace
}  // namespace qualm::remote
