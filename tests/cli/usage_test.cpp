// What the command line says to right and wrong usage, and where reports go.
#include <gtest/gtest.h>

#include "engine/llama_engine.h"
#include "support/program.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::Scratch;

/// A scratch folder with a model in it.
struct Home : Scratch {
  Home() { test::write(path("m.gguf"), test::RunnableGguf{}.build()); }
};

TEST(Usage, help_is_no_error_and_has_examples) {
  const Scratch scratch;
  const Ended ended = run_qualm(scratch, {"--help"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.err, "");
  for (const char* part : {"diagnose", "measure", "inspect", "demo", "explain", "qualm demo",
                           "Exit codes:\n  0  no problem found"})
    EXPECT_NE(ended.out.find(part), std::string::npos) << part;
  EXPECT_EQ(ended.out.find("job"), std::string::npos) << "that one is for qualm's own use";
}

TEST(Usage, every_command_has_help) {
  const Scratch scratch;
  for (const char* command : {"diagnose", "measure", "inspect", "demo"}) {
    const Ended ended = run_qualm(scratch, {command, "--help"});
    EXPECT_EQ(ended.exit_code, 0) << command;
    EXPECT_NE(ended.out.find("--format"), std::string::npos) << command;
  }
  for (const char* option :
       {"-f,--file", "-c,--ctx-size", "--chunks", "--protocol", "--full", "--no-cache",
        "-ctk,--cache-type-k TYPE", "-ngl,--n-gpu-layers N", "-ub,", "-fa,", "--logits-memory",
        "Model:", "Text:", "Run as:", "Output:", "Examples:"})
    EXPECT_NE(run_qualm(scratch, {"measure", "--help"}).out.find(option), std::string::npos)
        << option;
}

TEST(Usage, the_memory_is_an_option_of_measure_and_of_diagnose) {
  const Scratch scratch;
  for (const char* command : {"diagnose", "measure"})
    EXPECT_NE(run_qualm(scratch, {command, "--help"}).out.find("--memory SIZE"), std::string::npos)
        << command;
}

TEST(Usage, layers_are_a_number_or_auto_or_all) {
  const Home home;
  const auto said = [&](const char* layers) {
    return run_qualm(home, {"measure", "m.gguf", "--baseline", "none.gguf", "-ngl", layers}).err;
  };
  for (const char* layers : {"auto", "all", "0", "99"})
    EXPECT_EQ(said(layers).find("USAGE"), std::string::npos) << said(layers);
  for (const char* layers : {"-3", "many", "1.5"})
    EXPECT_NE(said(layers).find("expected auto, all or a number"), std::string::npos) << layers;
}

TEST(Usage, a_word_is_explained_in_any_letter_case_and_may_have_blanks) {
  const Scratch scratch;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"explain", "KLD"}, {"explain", "same", "top", "token"}}) {
    const Ended ended = run_qualm(scratch, words);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NE(ended.out, "");
  }
}

TEST(Usage, a_runtime_that_loads_the_format_is_named) {
  const Home home;
  const Ended ended = run_qualm(home, {"inspect", "m.gguf", "--runtime", "llama.cpp"});
  EXPECT_NE(ended.out.find("llama.cpp loads this format (nothing was run)"), std::string::npos)
      << ended.out;
  const Ended other = run_qualm(home, {"inspect", "m.gguf", "--runtime", "exllamav3"});
  EXPECT_NE(other.out.find("exllamav3 does not load this format"), std::string::npos) << other.out;
  EXPECT_EQ(run_qualm(home, {"inspect", "m.gguf"}).out.find("this format"), std::string::npos);
}

TEST(Usage, the_version_is_told_with_those_of_the_libraries) {
  const Scratch scratch;
  const Ended ended = run_qualm(scratch, {"--version"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.out, "qualm " QUALM_VERSION " (" + engine::library_version() + ")\n");
  EXPECT_NE(ended.out.find(", ggml "), std::string::npos) << ended.out;
}

TEST(Usage, what_is_wrong_is_named_with_exit_code_2) {
  const Scratch scratch;
  const auto said = [&](std::vector<std::string> words) {
    const Ended ended = run_qualm(scratch, std::move(words));
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_EQ(ended.out, "");
    return ended.err.substr(0, ended.err.find('\n'));
  };
  const auto usage = [](const std::string& what, const std::string& command) {
    return "error[USAGE-001] command line: " + what + ". Run `qualm" +
           (command.empty() ? "" : " " + command) + " --help`.";
  };
  EXPECT_EQ(said({}), usage("A subcommand is required", ""));
  EXPECT_EQ(said({"heal"}), usage("\"heal\" is not a command", ""));
  EXPECT_EQ(said({"explain", "kldd"}),
            usage("\"kldd\" is not a word of qualm's reports", "explain"));
  EXPECT_EQ(said({"inspect"}), usage("MODEL is required", "inspect"));
  EXPECT_EQ(said({"measure", "m.gguf"}), usage("--baseline or --reference is required", "measure"));
  EXPECT_EQ(said({"inspect", "m.gguf", "--frobnicate"}),
            usage("The following argument was not expected: --frobnicate", "inspect"));
  EXPECT_EQ(
      said({"inspect", "m.gguf", "--format", "html5"}),
      usage("--format: expected one of text, json, md, html, junit, found \"html5\"", "inspect"));
  EXPECT_EQ(said({"inspect", "m.gguf", "--format", "1"}),
            usage("--format: expected one of text, json, md, html, junit, found \"1\"", "inspect"));
  EXPECT_EQ(said({"diagnose", "m.gguf", "-c", "many"}),
            usage("Could not convert: --ctx-size = many", "diagnose"));
  EXPECT_EQ(said({"diagnose", "m.gguf", "--protocol", "other"}),
            usage("--protocol: expected one of default, llama.cpp, found \"other\"", "diagnose"));
}

TEST(Usage, numbers_below_their_least_are_named_in_few_words) {
  const Scratch scratch;
  for (const std::string option : {"--top", "-t"}) {
    const Ended ended = run_qualm(scratch, {"compare", "a", "b", option, "-1"});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.err.find(": -1 is less than 0. Run"), std::string::npos) << ended.err;
  }
}

TEST(Usage, a_range_of_windows_is_two_numbers_that_rise) {
  const Scratch scratch;
  for (const std::string range : {"5", "5:5", "6:5", "-1:5", "a:b", "0:8x", ":", "3:"}) {
    const Ended ended =
        run_qualm(scratch, {"measure", "m.gguf", "--baseline", "m.gguf", "--windows=" + range});
    EXPECT_EQ(ended.exit_code, 2) << range;
    EXPECT_NE(ended.err.find("expected FIRST:END with FIRST < END"), std::string::npos)
        << ended.err;
  }
}

TEST(Usage, a_number_that_is_none_is_refused) {
  const Scratch scratch;
  for (const std::string word : {"nan", "inf", "hot"}) {
    const Ended ended = run_qualm(scratch, {"diagnose", "a", "--temp", word});
    EXPECT_EQ(ended.exit_code, 2) << word;
    EXPECT_NE(ended.err.find("USAGE-001"), std::string::npos) << ended.err;
  }
}

TEST(Usage, a_budget_is_a_time_of_more_than_none) {
  const Scratch scratch;
  for (const std::string word : {"soon", "0", "-5m", "5d", "m", "nan"}) {
    const Ended ended = run_qualm(scratch, {"diagnose", "a", "--budget", word});
    EXPECT_EQ(ended.exit_code, 2) << word;
    EXPECT_NE(ended.err.find("expected a time such as 30s, 5m or 1h"), std::string::npos)
        << ended.err;
  }
  for (const std::string word : {"30", "1.5m", "1h"})
    EXPECT_EQ(run_qualm(scratch, {"diagnose", "a", "--budget", word}).err.find("USAGE-001"),
              std::string::npos)
        << word;
}

TEST(Usage, a_file_that_begins_with_a_dash_is_named_with_how_to_write_it) {
  const Scratch scratch;
  test::write(scratch.path("-Q8_0.gguf"), "x");
  const Ended ended = run_qualm(scratch, {"inspect", "-Q8_0.gguf"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("write ./-Q8_0.gguf"), std::string::npos) << ended.err;
}

TEST(Output, an_error_is_a_report_too) {
  const Scratch scratch;
  const Ended usage =
      run_qualm(scratch, {"inspect", "--frobnicate", "--format", "json", "-o", "u.json"});
  EXPECT_EQ(usage.exit_code, 2);
  const auto document = nlohmann::json::parse(test::contents(scratch.path("u.json")));
  EXPECT_EQ(document["error"]["code"], "USAGE-001");
  for (const std::string format : {"text", "md"}) {
    const Ended failed =
        run_qualm(scratch, {"inspect", "nothing.gguf", "--format", format, "-o", format});
    EXPECT_EQ(failed.exit_code, 2);
    EXPECT_NE(test::contents(scratch.path(format)).find("FILE-001"), std::string::npos) << format;
  }
}

TEST(Usage, a_report_goes_to_stdout_or_whole_to_a_file) {
  const Home home;
  const Ended direct = run_qualm(home, {"inspect", "m.gguf"});
  EXPECT_EQ(direct.exit_code, 0) << direct.err;
  EXPECT_NE(direct.out.find("made by a test"), std::string::npos) << direct.out;
  EXPECT_EQ(direct.out.find('\x1b'), std::string::npos) << "a pipe gets no colours";
  const Ended filed = run_qualm(home, {"inspect", "m.gguf", "-o", "report.txt"});
  EXPECT_EQ(filed.exit_code, 0);
  EXPECT_EQ(filed.out, "");
  EXPECT_EQ(test::contents(home.path("report.txt")), direct.out);
}

TEST(Usage, formats) {
  const Home home;
  const Ended json = run_qualm(home, {"inspect", "m.gguf", "--format", "json"});
  EXPECT_EQ(test::document(json)["model"]["arch"], "llama");
  const Ended markdown = run_qualm(home, {"inspect", "m.gguf", "--format", "md"});
  EXPECT_NE(markdown.out.find("| "), std::string::npos);
}

TEST(Output, a_place_that_cannot_be_written_fails_before_the_work_starts) {
  const Home home;
  // The model does not exist: were it looked at first, the error would be FILE-001.
  const auto said = [&](const std::string& place) {
    const Ended ended = run_qualm(home, {"inspect", "nothing.gguf", "-o", place});
    EXPECT_EQ(ended.exit_code, 2);
    return ended.err;
  };
  EXPECT_EQ(said("no/such/folder/r.txt"),
            "error[FILE-010] no/such/folder/r.txt: expected an output file that can be written, "
            "found no folder no/such/folder. Name another place for -o.\n");
  EXPECT_EQ(said("."),
            "error[FILE-010] .: expected an output file that can be written, found a directory. "
            "Name another place for -o.\n");
  EXPECT_EQ(said("m.gguf/r.txt"),
            "error[FILE-010] m.gguf/r.txt: expected an output file that can be written, found no "
            "folder m.gguf. Name another place for -o.\n");
}

TEST(Output, a_full_disk_is_told_and_leaves_no_half_report) {
  const Home home;
  Ended ended = run_qualm(home, {"inspect", "m.gguf", "-o", "/dev/full"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error[FILE-011] /dev/full: expected to write the file, found No space left on device. "
            "Free some space or name another place.\n");
  auto command = test::qualm(home, {"inspect", "m.gguf", "-o", "r.txt"});
  command.largest_file = 16;
  ended = test::run(command);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error[FILE-011] r.txt: expected to write the file, found File too large. Name another "
            "place.\n");
  EXPECT_FALSE(std::filesystem::exists(home.path("r.txt")));
  for (const auto& entry : std::filesystem::directory_iterator(home.path()))
    EXPECT_EQ(entry.path().string().find(".part"), std::string::npos) << entry;
}

TEST(Output, an_earlier_report_survives_a_full_disk) {
  const Home home;
  test::write(home.path("r.txt"), "earlier");
  auto command = test::qualm(home, {"inspect", "m.gguf", "-o", "r.txt"});
  command.largest_file = 16;
  EXPECT_EQ(test::run(command).exit_code, 2);
  EXPECT_EQ(test::contents(home.path("r.txt")), "earlier");
}

TEST(Output, a_full_stdout_is_told) {
  const Home home;
  auto command = test::qualm(home, {"inspect", "m.gguf"});
  command.out_to = "/dev/full";
  const Ended ended = test::run(command);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error[FILE-011] standard output: expected to write the report, found it takes no more "
            "bytes. Free some space, or use -o.\n");
}

TEST(Output, a_full_stderr_costs_the_message_and_not_the_exit_code) {
  const Home home;
  auto command = test::qualm(home, {"inspect", "nothing.gguf"});
  command.err_to = "/dev/full";
  Ended ended = test::run(command);
  EXPECT_EQ(ended.signal, 0);
  EXPECT_EQ(ended.exit_code, 2);
  command = test::qualm(home, {"inspect", "m.gguf", "--verify"});
  command.err_to = "/dev/full";
  ended = test::run(command);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_FALSE(ended.out.empty());
}

TEST(Output, help_into_a_full_stdout_does_not_crash) {
  const Scratch scratch;
  auto command = test::qualm(scratch, {"--help"});
  command.out_to = "/dev/full";
  EXPECT_EQ(test::run(command).signal, 0);
}

}  // namespace
}  // namespace qualm::cli
