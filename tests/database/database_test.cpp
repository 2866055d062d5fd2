#include "database/database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "support/places.h"

namespace qualm::database {
namespace {

struct Opened : test::Scratch {
  Opened() {
    EXPECT_EQ(database.open(path("a.sqlite"), Readers::by_umask), kOk);
    EXPECT_EQ(database.execute("CREATE TABLE t(a INTEGER, b REAL, c TEXT, d BLOB)"), kOk);
  }
  Database database;
};

TEST(Database, values_come_back_as_they_were) {
  Opened opened;
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
  EXPECT_EQ(opened.database.change("INSERT INTO t VALUES(?1, ?2, ?3, ?4)",
                                   {std::int64_t{-7}, 0.5, "x", std::span<const std::byte>(bytes)}),
            kOk);
  Rows rows = opened.database.query("SELECT a, b, c, d FROM t");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.integer(0), -7);
  EXPECT_EQ(rows.number(1), 0.5);
  EXPECT_EQ(rows.text(2), "x");
  const auto back = rows.bytes(3);
  EXPECT_EQ(std::vector(back.begin(), back.end()), bytes);
  EXPECT_FALSE(rows.next());
  EXPECT_EQ(rows.code(), kOk);
}

TEST(Database, a_statement_is_asked_again_with_other_values) {
  Opened opened;
  for (const std::int64_t a : {1, 2})
    EXPECT_EQ(opened.database.change("INSERT INTO t(a, b) VALUES(?1, ?2)",
                                     {a, 10.0 * static_cast<double>(a)}),
              kOk);
  Rows rows = opened.database.query("SELECT b FROM t WHERE a = ?1");
  for (const std::int64_t a : {2, 3, 1}) {
    rows.again({a});
    EXPECT_EQ(rows.next(), a != 3);
    if (a != 3) {
      EXPECT_EQ(rows.number(0), 10.0 * static_cast<double>(a));
    }
  }
}

TEST(Database, a_wrong_statement_has_a_code_and_no_rows) {
  Opened opened;
  Rows rows = opened.database.query("SELECT nothing FROM nowhere");
  EXPECT_FALSE(rows.next());
  EXPECT_NE(rows.code(), kOk);
  rows.again({std::int64_t{1}});
  EXPECT_FALSE(rows.next());
  EXPECT_NE(words_of(rows.code()), "");
}

TEST(Database, what_is_no_database_is_corrupt_and_keeps_its_bytes_under_another_name) {
  test::Scratch scratch;
  const std::string path = scratch.path("b.sqlite");
  test::write(path, std::string(4096, 'x'));
  test::write(path + "-wal", "y");
  Database database;
  int code = database.open(path, Readers::owner);
  if (code == kOk) code = database.execute("CREATE TABLE t(a)");
  EXPECT_TRUE(is_corrupt(code)) << words_of(code);
  database.close();
  const auto aside = set_aside(path);
  ASSERT_TRUE(aside);
  EXPECT_EQ(std::filesystem::file_size(*aside), 4096U);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
  EXPECT_FALSE(set_aside(path)) << "nothing is there";
}

}  // namespace
}  // namespace qualm::database
