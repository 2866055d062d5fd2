// What the page may see of the disk.
#include "serve/places.h"

#include <sys/stat.h>

#include "client.h"
#include "support/stores.h"

namespace qualm::serve {
namespace {

namespace fs = std::filesystem;

/// A root in a home, with stores of other programs beside it.
struct Disk : test::Stores {
  Disk() {
    put("root/b.gguf", "GGUF");
    put("root/A/config.json", "{}");
    put("root/A/model.safetensors", "x");
    put("root/sub/t.txt", "text");
    put("root/sub/p.qref", "x");
    put("root/mmproj-b.gguf", "x");
    put("root/.secret/key", "x");
    put("outside/c.gguf", "GGUF");
    hub_file("org", "repo", "m-Q4_K_M.gguf");
    hub_ref("org", "repo", "main");
  }
  [[nodiscard]] Places places() const { return Places::open(path("root"), environment()).value(); }
  [[nodiscard]] std::string refusal(const std::string& folder) const {
    const auto listed = places().list(folder);
    return listed ? "" : listed.error().code;
  }
  /// The path, or the code of the error.
  [[nodiscard]] std::string taken(const std::string& said) const {
    const auto path = places().take(said);
    return path ? *path : path.error().code;
  }
  [[nodiscard]] std::string shown(const std::string& folder) const {
    const auto listed = places().list(folder);
    std::string all;
    if (listed)
      for (const auto& entry : (*listed)["entries"])
        all += entry["name"].get<std::string>() + ":" + entry["kind"].get<std::string>() + " ";
    return all;
  }
};

TEST(ServePlaces, a_folder_is_listed_by_kind_without_hidden_files) {
  const Disk disk;
  EXPECT_EQ(disk.shown(""), "A:model sub:folder b.gguf:model mmproj-b.gguf:other ");
  EXPECT_EQ(disk.shown("sub"), "p.qref:pack t.txt:text ");
  const auto listed = disk.places().list("sub/").value();
  EXPECT_EQ(listed["path"], "sub");
  EXPECT_EQ(listed["parent"], "");
  EXPECT_EQ(listed["truncated"], false);
  EXPECT_TRUE(disk.places().list("").value()["parent"].is_null());
}

TEST(ServePlaces, no_path_leads_out_of_the_root) {
  const Disk disk;
  for (const char* path : {"..", "../outside", "sub/../../outside", "sub/..", "/", "/etc",
                           ".secret", "sub/../.secret", "./../outside"})
    EXPECT_EQ(disk.refusal(path), "SERVE-011") << path;
  EXPECT_EQ(disk.refusal(disk.path("root")), "SERVE-011") << "absolute";
  EXPECT_EQ(disk.taken("../root/b.gguf"), "SERVE-011") << "no way up, even if it leads back";
  EXPECT_EQ(disk.refusal("nothing"), "SERVE-012");
  EXPECT_EQ(disk.refusal("b.gguf"), "SERVE-012") << "no folder";
  EXPECT_EQ(disk.refusal(std::string("sub\0x", 5)), "SERVE-011");
}

TEST(ServePlaces, a_link_out_of_the_root_is_not_followed_and_not_listed) {
  const Disk disk;
  disk.link("root/out", disk.path("outside"));
  disk.link("root/out.gguf", "../outside/c.gguf");
  disk.link("root/circle", "circle");
  disk.link("root/in.gguf", "b.gguf");
  disk.link("root/seen", ".secret");
  EXPECT_EQ(disk.shown(""), "A:model sub:folder b.gguf:model in.gguf:model mmproj-b.gguf:other ");
  EXPECT_EQ(disk.refusal("out"), "SERVE-011");
  EXPECT_EQ(disk.refusal("seen"), "SERVE-011");
  EXPECT_EQ(disk.taken("out/c.gguf"), "SERVE-011");
  EXPECT_EQ(disk.taken("out.gguf"), "SERVE-011");
  EXPECT_EQ(disk.taken("circle"), "SERVE-011");
  EXPECT_EQ(disk.taken("in.gguf"), normal(disk.path("root/in.gguf")));
}

TEST(ServePlaces, a_file_of_a_store_is_allowed_also_by_a_link) {
  const Disk disk;
  const std::string file = disk.path(disk.hub_folder("org", "repo") + "/snapshots/" +
                                     test::Stores::kCommit + "/m-Q4_K_M.gguf");
  EXPECT_EQ(disk.taken(file), normal(file));
  disk.link("root/hub.gguf", file);
  EXPECT_EQ(disk.taken("hub.gguf"), normal(disk.path("root/hub.gguf")));
  EXPECT_EQ(disk.taken("hf:org/repo"), "hf:org/repo");
  EXPECT_EQ(disk.taken("hf:no/such"), "LOCATE-002");
  EXPECT_EQ(disk.taken("hf:../.."), "LOCATE-001");
  EXPECT_EQ(disk.taken(disk.path("outside/c.gguf")), "SERVE-011");
  EXPECT_EQ(disk.taken("/etc/passwd"), "SERVE-011");
  EXPECT_EQ(disk.taken("nothing.gguf"), "SERVE-012");
}

TEST(ServePlaces, a_server_is_no_candidate) {
  const Disk disk;
  for (const char* url : {"http://127.0.0.1:8080", "https://evil.example/m", "file:///etc/passwd"})
    EXPECT_EQ(disk.taken(url), "SERVE-013") << url;
}

TEST(ServePlaces, hostile_names_are_json_and_pipes_are_left_out) {
  World world;
  for (const char* name : {"\"quote\".gguf", "back\\slash.gguf", "new\nline.gguf", "<b>.gguf",
                           "\xff\xfe.gguf", "-rf.gguf"})
    test::write(world.path("root/" + std::string(name)), "x");
  ASSERT_EQ(::mkfifo(world.path("root/pipe.gguf").c_str(), 0600), 0);
  world.start();
  const auto listed = world.get("/api/files?path=").json();
  ASSERT_TRUE(listed.is_object());
  std::vector<std::string> names;
  for (const auto& entry : listed["entries"]) names.push_back(entry["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"sub", "\"quote\".gguf", "-rf.gguf", "<b>.gguf",
                                             "back\\slash.gguf", "m.gguf", "new\nline.gguf",
                                             "\uFFFD\uFFFD.gguf"}));
  EXPECT_EQ(world.get("/api/files?path=%2e%2e").status, 403);
  EXPECT_EQ(world.get("/api/files?path=..%2f..%2fetc").status, 403);
}

TEST(ServePlaces, a_folder_of_very_many_files_is_cut) {
  World world;
  for (std::size_t i = 0; i < kMostListed + 10; ++i)
    test::write(world.path("root/sub/f" + std::to_string(i)), "");
  world.start();
  const auto listed = world.get("/api/files?path=sub").json();
  EXPECT_EQ(listed["entries"].size(), kMostListed);
  EXPECT_EQ(listed["truncated"], true);
}

}  // namespace
}  // namespace qualm::serve
