#include "base/error_codes.h"

#include <algorithm>
#include <array>

#include "base/error_codes_files.h"

namespace qualm {
namespace {

// Errors of the program's own steps; those of files are in error_codes_files.h. Rows in the order
// of their codes, grouped by prefix. Each group names the folders that give it.
constexpr auto kStepErrors = std::to_array<ErrorRow>({
    // APP, src/experiment: what a measurement does between runs of the engine.
    {"APP-001", Kind::cancelled, "The diagnosis was stopped before it was finished.",
     "Run the same command again: it continues with what was measured."},
    {"APP-002", Kind::cancelled, "The program was stopped while it read a model file.", ""},
    {"APP-003", Kind::cancelled, "The run of the original was stopped before it was finished.",
     "Run the same command again: it continues with what was measured."},

    // ASSEMBLE, src/assemble: a model is put together from tensors of several models.
    {"ASSEMBLE-001", Kind::input, "The original has no tensor of this name and shape.",
     "Check that the original and the candidate have the same architecture."},
    {"ASSEMBLE-002", Kind::input, "The tensor cannot be stored in the type that was asked for.",
     ""},
    {"ASSEMBLE-003", Kind::input, "A metadata key is empty, and GGUF cannot store an empty key.",
     ""},
    {"ASSEMBLE-004", Kind::input,
     "GGUF cannot store a tensor of this name or with this number of dimensions.", ""},
    {"ASSEMBLE-005", Kind::input, "The model lacks something that it needs to run.",
     "Use `qualm inspect` or `qualm compare`, which do not run the model."},
    {"ASSEMBLE-009", Kind::cancelled, "The program was stopped while it assembled a model.", ""},

    // CHAT, src/commands: conversations as a text to measure on.
    {"CHAT-001", Kind::input, "A line of a .jsonl file is not a conversation.",
     "Each line is a JSON object with the array messages; each message has role and content."},
    {"CHAT-002", Kind::input, "The model has no chat template, or its template cannot be rendered.",
     "Render the conversations yourself and give them as a plain text with -f."},
    {"CHAT-003", Kind::input, "The .jsonl file holds no conversation.",
     "Write one conversation per line."},

    // CLINIC, src/clinic: qualm clinic.
    {"CLINIC-001", Kind::input, "The folder for the cases cannot be made.",
     "Set XDG_CACHE_HOME to a folder that can be written."},
    {"CLINIC-002", Kind::input, "No case has a name that contains the text after --only.",
     "List the names with `qualm clinic --list`."},
    {"CLINIC-003", Kind::input, "The original has no tensor or key that this case changes.",
     "Give another --baseline."},
    {"CLINIC-004", Kind::input, "The clinic judges by KLD, and --accept names another metric.",
     "Write for example --accept 'kld_mean<0.01'."},

    // COMPARE, src/weights, src/commands: two models are compared tensor by tensor.
    {"COMPARE-001", Kind::cancelled, "The comparison of the weights was stopped.", ""},
    {"COMPARE-002", Kind::input, "There is not enough memory for a few rows of a tensor.",
     "Close other programs, or give fewer threads (-t)."},
    {"COMPARE-003", Kind::input, "The two models have no tensor in common.",
     "Compare a model with the model that it was made from."},
    {"COMPARE-004", Kind::input,
     "The weights are stored rotated: no weight equals its counterpart.",
     "Compare what the models answer: qualm measure."},

    // DATA, src/commands: texts, and the files that come with qualm.
    {"DATA-001", Kind::input, "A file that comes with qualm was not found.",
     "Set QUALM_DATA to the folder that holds qualm's models/ and corpora/."},
    {"DATA-002", Kind::input, "The text contains a NUL byte, so it is not a text file.",
     "Give a plain text file with -f."},

    // DEMO, src/commands: qualm demo.
    {"DEMO-001", Kind::input, "The folder for the models of the demo cannot be made.",
     "Set XDG_CACHE_HOME to a folder that can be written."},

    // DIAGNOSE, src/commands: qualm diagnose.
    {"DIAGNOSE-001", Kind::input, "The original is damaged, so nothing can be compared with it.",
     "Download the original again, or name another one with --baseline."},

    // ENGINE, src/engine: libllama.
    {"ENGINE-001", Kind::engine, "libllama cannot load the model.",
     "Check that this version of libllama knows the model's architecture and types."},
    {"ENGINE-002", Kind::engine, "libllama cannot make a context of this size with this KV cache.",
     "Give a smaller -c, or other cache types."},
    {"ENGINE-003", Kind::engine, "libllama failed to evaluate a batch.",
     "Give a smaller -c or -b, or other cache types."},
    {"ENGINE-004", Kind::input,
     "The option names a cache type, a flash attention mode or a split mode that does not exist.",
     "Take one of the names that the message lists."},
    {"ENGINE-005", Kind::input, "--device names a device that libggml does not find.",
     "Take one of the names that --list-devices shows."},
    {"ENGINE-010", Kind::input, "llama-quantize has no quant type of this name.",
     "Give a name that `llama-quantize --help` lists."},
    {"ENGINE-011", Kind::engine, "libllama cannot quantize the model to this type.", ""},
    {"ENGINE-020", Kind::cancelled,
     "The program was stopped while it collected an importance matrix.", ""},
    {"ENGINE-021", Kind::engine, "This engine cannot collect an importance matrix.", ""},

    // EVAL, src/evaluate: texts are cut into windows, and logits are scored.
    {"EVAL-001", Kind::undecided, "The text is shorter than one window.",
     "Give a longer text with -f, or a smaller -c."},
    {"EVAL-002", Kind::input, "The text does not have the windows of --windows.",
     "Count from 0: the first half of 490 windows is --windows 0:245."},
    {"EVAL-010", Kind::engine, "The engine gave another number of logits than was asked for.",
     "Please report it."},
    {"EVAL-011", Kind::input, "The candidate's vocabulary has another size than the original's.",
     "Give the original that the candidate was made from."},

    // IMAGE, src/assemble: models that are held in memory.
    {"IMAGE-001", Kind::engine, "The system gives no anonymous file (a file in memory).",
     "Check the sandbox or container that qualm runs in."},
    {"IMAGE-002", Kind::engine, "The assembled model does not fit into memory or on the disk.",
     "Close other programs, or free some disk."},

    // JOB, src/job: the process that runs the engine.
    {"JOB-001", Kind::engine, "The process that runs the engine ended without an answer.",
     "Run the same command again with smaller sizes (-c, -b)."},
    {"JOB-002", Kind::cancelled, "The program was stopped before there was a result.",
     "Run the same command again: it continues with what was measured."},
    {"JOB-003", Kind::engine, "The engine's process ran out of memory.",
     "Close other programs, or give a smaller -c or -b."},
    {"JOB-004", Kind::engine, "A library failed in a way that qualm does not expect.",
     "This is a mistake in qualm: please report it."},
    {"JOB-005", Kind::engine, "The process that runs the engine could not be started.",
     "Check the limits of this account (ulimit -u, ulimit -n)."},
    {"JOB-006", Kind::engine, "An RPC server went away while the engine used it.",
     "Start the server and run the same command again: it continues with what was measured."},

    // MEASURE, src/commands: qualm measure.
    {"MEASURE-001", Kind::input, "The candidate and the original have different vocabularies.",
     "Give the original that the candidate was made from."},

    // MEMORY, src/commands: qualm diagnose.
    {"MEMORY-001", Kind::input, "The models need more memory than is free.",
     "The message says what would fit."},

    // MERGE, src/commands: qualm merge.
    {"MERGE-001", Kind::input, "The file is not a report of `qualm measure`.",
     "Make it with `qualm measure --format json`."},
    {"MERGE-002", Kind::input, "A field of the report is missing or cannot be.",
     "Make it with `qualm measure --format json` of this version of qualm."},
    {"MERGE-003", Kind::input, "Two reports are of runs that cannot be put together.",
     "Measure with the same text, original, settings and version of qualm."},
    {"MERGE-004", Kind::input, "Two reports have the same window with different figures.",
     "Give each window to one machine with --windows."},
    {"MERGE-005", Kind::input, "The run of a report stopped early, so its windows are a choice.",
     "Measure again with --full or --windows."},
    {"MERGE-006", Kind::input, "A file of --positions does not belong to the reports.",
     "Give the file that the same run wrote."},
    {"MERGE-007", Kind::input, "The files of --positions lack a window of the reports.",
     "Give the files of all runs, or none."},

    // MODELS, src/commands: qualm models.
    {"MODELS-001", Kind::cancelled, "The program was stopped while it listed models.", ""},

    // POSITIONS, src/experiment: a file of `qualm measure --positions`.
    {"POSITIONS-001", Kind::input, "The file has no scores of positions.",
     "Write it with `qualm measure --positions`."},
    {"POSITIONS-002", Kind::input, "A field of the file's description is missing or cannot be.",
     "Write it again with `qualm measure --positions`."},
    {"POSITIONS-003", Kind::input, "A tensor of the file is missing or has another shape.",
     "Write it again with `qualm measure --positions`."},
    {"POSITIONS-004", Kind::input, "A number of the file cannot be.",
     "Write it again with `qualm measure --positions`."},

    // PROBE, src/probe: the models write texts.
    {"PROBE-001", Kind::cancelled, "The program was stopped while a model wrote texts.", ""},

    // PROMPTS, src/commands: --prompts.
    {"PROMPTS-001", Kind::input, "The file has no prompts.", "Write one prompt per line."},
    {"PROMPTS-002", Kind::input, "The file has more than 1000 prompts.",
     "Give fewer: 24 to 100 are enough."},
    {"PROMPTS-003", Kind::input, "A prompt is longer than 1024 tokens.", "Shorten the prompt."},

    // REMOTE, src/remote, src/commands: a server that somebody runs is asked.
    {"REMOTE-001", Kind::input, "The address of the server is not one.",
     "Give it as in http://127.0.0.1:8080."},
    {"REMOTE-002", Kind::input, "The server does not answer.",
     "Start the server, or correct the address."},
    {"REMOTE-003", Kind::input, "The server refuses the request.", "See the server's log."},
    {"REMOTE-004", Kind::input, "The server's answer is longer than any that is needed.",
     "This is no server that qualm can ask."},
    {"REMOTE-005", Kind::input, "An API key would go to another machine without encryption.",
     "Give an https address, or no key."},
    {"REMOTE-006", Kind::input, "No server that qualm can ask answers at this address.",
     "Give the model's file in place of the address, or a program of adapters/ (run:)."},
    {"REMOTE-007", Kind::undecided,
     "The server's answer has no log-probabilities, or not in the form that its kind gives them.",
     "Measure the model's file in place of the server."},
    {"REMOTE-008", Kind::input, "It is not known which file the server runs.",
     "Give the file with --server-file."},
    {"REMOTE-009", Kind::engine, "This kind of server does not tell what was asked for.", ""},
    {"REMOTE-010", Kind::undecided, "The server read other tokens than those that were sent.",
     "Start the server without context shift and with a context that holds a window."},
    {"REMOTE-011", Kind::undecided,
     "The server gave log-probabilities that are none: not finite, over 0, or adding up to more "
     "than 1.",
     "The server's logits are broken, or it does not give the model's own log-probabilities."},
    {"REMOTE-012", Kind::undecided,
     "The server guesses tokens ahead, which spoils its log-probabilities.",
     "Start it without a draft model and without speculation."},
    {"REMOTE-013", Kind::undecided,
     "After another prompt the server answers the same question otherwise: its prompt cache.",
     "Start it without its prompt cache, or update it."},
    {"REMOTE-014", Kind::undecided,
     "The server's log-probabilities change with the temperature: they are not the model's.",
     "Start it with raw log-probabilities (vLLM: --logprobs-mode raw_logprobs)."},
    {"REMOTE-015", Kind::undecided,
     "The server gives a token that is forced another log-probability.", "Update the server."},
    {"REMOTE-016", Kind::undecided, "A window of the text does not fit into the server's context.",
     "Start the server with a larger -c, or with fewer slots (-np); or give a smaller -c here."},
    {"REMOTE-017", Kind::undecided, "The server gives the same log-probability everywhere.",
     "Start it without a draft model and without speculation."},
    {"REMOTE-018", Kind::cancelled, "The program was stopped while it asked a server.", ""},
    {"REMOTE-019", Kind::input, "What the original says of a window could not be kept.",
     "Give more memory with --reference-memory."},
    {"REMOTE-020", Kind::engine, "A model was to be run here that only its server has.",
     "This is a mistake in qualm: please report it."},
    {"REMOTE-021", Kind::input, "A server was given together with other models.",
     "Measure it by itself; --server-file measures its file beside it."},
    {"REMOTE-022", Kind::input, "No server of this user runs the model.",
     "Start it, or leave --as-run away."},
    {"REMOTE-023", Kind::input, "What stands after run: is no command that can be started.",
     "Give it as in 'run:python3 adapters/transformers_adapter.py FOLDER'."},
    {"REMOTE-024", Kind::input,
     "The command after run: ended before it answered, is silent, or does not end its line.",
     "Start the command in a shell: it must write its first line, and then wait for lines."},
    {"REMOTE-025", Kind::input,
     "The server tells no log-probabilities of token ids that it is given.",
     "Give the model's file or its name (ollama:NAME, lms:NAME) in place of the address."},

    // REPAIR, src/commands: qualm repair.
    {"REPAIR-001", Kind::input, "Only GGUF files can be repaired.",
     "Convert the model to GGUF first."},
    {"REPAIR-002", Kind::input, "The change of --set is not KEY=VALUE.",
     "Write for example --set tokenizer.ggml.eos_token_id=2."},
    {"REPAIR-003", Kind::input, "The file to be written is there already.",
     "Name a new file with -o."},
    {"REPAIR-004", Kind::input, "The value does not fit the type of the key.",
     "See the value that the file has with `qualm inspect`."},
    {"REPAIR-005", Kind::input, "The file, or the one to copy from, has no such key.",
     "Look the key up in the file."},
    {"REPAIR-006", Kind::input, "With this change the file could not be read any more.", ""},
    {"REPAIR-007", Kind::input, "Nothing is to be changed, or the file to copy from is missing.",
     "Give --set KEY=VALUE, --remove KEY, or --copy KEY with --from FILE."},
    {"REPAIR-008", Kind::input, "libllama does not load the file with this change.",
     "Check the value."},

    // REQUEST, src/cli, src/commands, src/job: what the command line asks for.
    {"REQUEST-001", Kind::input, "The job description was written by another version of qualm.",
     "Use qualm diagnose, measure, demo, clinic or repair: `qualm job` is for qualm's own use."},
    {"REQUEST-002", Kind::input,
     "The condition of --fail-if is not a metric, < or >, and a number.",
     "Write for example --fail-if 'ppl_change>1%'."},
    {"REQUEST-003", Kind::input, "The number that an option gives is out of range.", ""},
    {"REQUEST-004", Kind::input, "The value of --text is not NAME=FILE.",
     "Write for example --text code=main.c to add a text."},
    {"REQUEST-005", Kind::input, "The value of --symptom is not one that qualm knows.",
     "Take one of the names that the message lists."},
    {"REQUEST-006", Kind::input, "A quantized V cache needs flash attention.",
     "Leave -fa off away, or take -ctv f16."},
    {"REQUEST-007", Kind::input, "The heads of the model do not allow this cache type.",
     "Take -ctk f16 and -ctv f16."},
    {"REQUEST-008", Kind::input,
     "The condition of --accept is not kld_mean or ppl_change, < and a number over 0.",
     "Write for example --accept 'kld_mean<0.01'."},

    // RPC, src/engine: --rpc, devices of other machines.
    {"RPC-001", Kind::input, "The server of --rpc is not HOST:PORT, or there is no such host.",
     "Write for example --rpc 192.168.1.5:50052."},
    {"RPC-002", Kind::input, "The server of --rpc has a public address.",
     "RPC is neither encrypted nor protected: use a tunnel, or --rpc-unsafe if you must."},
    {"RPC-003", Kind::input, "The server of --rpc does not answer as a ggml-rpc-server.",
     "Start ggml-rpc-server there, with -H and its address; it serves one client at a time."},
    {"RPC-004", Kind::engine, "This libggml cannot use RPC servers.",
     "Install libggml0-backend-rpc, or build ggml with -DGGML_RPC=ON."},
    {"RPC-005", Kind::input, "The server of --rpc speaks another version of ggml's RPC.",
     "Run a ggml-rpc-server of the same llama.cpp there as libllama here."},

    // SERVE, src/serve: 001 to 007 when the server starts, 008 a job, 010 to 022 requests.
    {"SERVE-001", Kind::input, "Another program listens on the port, perhaps another qualm serve.",
     "Use the page of that one, or take another port with --port."},
    {"SERVE-002", Kind::input, "The server cannot listen on the address of --host.",
     "Leave --host away to serve this machine alone."},
    {"SERVE-003", Kind::input, "A server that others can reach needs a token that nobody guesses.",
     "Give --token with 16 characters or more, for example of `openssl rand -hex 16`."},
    {"SERVE-004", Kind::input, "The folder of --root cannot be opened.",
     "Give the folder of your models with --root."},
    {"SERVE-005", Kind::input, "Another qualm serve of this user runs and has the history open.",
     "Use that one, or stop it first."},
    {"SERVE-006", Kind::input, "The system does not give the server what it needs.",
     "Check the limits of this account (ulimit -u, ulimit -n)."},
    {"SERVE-007", Kind::input, "The history of jobs cannot be made or opened.",
     "Set XDG_STATE_HOME to a folder that can be written."},
    {"SERVE-008", Kind::engine, "The server failed in a way that qualm does not expect.",
     "This is a mistake in qualm: please report it."},
    {"SERVE-010", Kind::input, "A field of the request is missing, not known, or cannot be so.",
     "The message says what is expected."},
    {"SERVE-011", Kind::input, "The path leads out of the folder of --root, or is hidden.",
     "Start qualm serve with the --root that holds your models."},
    {"SERVE-012", Kind::input, "There is no such file or folder.", "Look at the name."},
    {"SERVE-013", Kind::input, "The candidate is the address of a server.",
     "Give the file that the server loads: qualm cannot measure a running server yet."},
    {"SERVE-014", Kind::input, "The request does not carry the token of this server.",
     "Open the address that qualm serve printed when it started."},
    {"SERVE-015", Kind::input, "The request was made to a name that is not this server's.",
     "Open the address that qualm serve printed when it started."},
    {"SERVE-016", Kind::input, "The request is too long.", ""},
    {"SERVE-017", Kind::input, "The server has no such page or job.", ""},
    {"SERVE-018", Kind::input, "The job is in a state that does not allow this.", ""},
    {"SERVE-019", Kind::input, "The page does not know this method of HTTP.", ""},
    {"SERVE-020", Kind::input, "Too many jobs wait.", "Wait, or cancel some."},
    {"SERVE-021", Kind::input, "There is no report of this job in this format.", ""},
    {"SERVE-022", Kind::input, "The address of the request is not a URL that qualm reads.", ""},

    // TEMPLATE, src/chat: a chat template is rendered, in a process with limits.
    {"TEMPLATE-001", Kind::input, "The chat template is not valid Jinja.",
     "Take the template of the original (qualm repair --copy tokenizer.chat_template)."},
    {"TEMPLATE-002", Kind::input,
     "The chat template refuses this conversation, or uses something that llama.cpp does not have.",
     "Look at its raise_exception calls: some templates allow no system message."},
    {"TEMPLATE-003", Kind::input, "The chat template takes too long: more than about 2 seconds.",
     "Take the template of the original."},
    {"TEMPLATE-004", Kind::input,
     "The chat template needs too much memory, writes too much text, or is nested too deep.",
     "Take the template of the original."},
    {"TEMPLATE-005", Kind::engine, "The process that renders chat templates could not be started.",
     "Check the limits of this account (ulimit -u, ulimit -n)."},

    // USAGE, src/cli: the command line.
    {"USAGE-001", Kind::input, "The command line has a word or a value that qualm does not know.",
     "Run qualm COMMAND --help."},
});

constexpr auto kRows = [] {
  std::array<ErrorRow, kStepErrors.size() + kFileErrors.size()> rows{};
  std::ranges::merge(kStepErrors, kFileErrors, rows.begin(), {}, &ErrorRow::code, &ErrorRow::code);
  return rows;
}();
static_assert(std::ranges::is_sorted(kRows, {}, &ErrorRow::code));

}  // namespace

std::span<const ErrorRow> error_rows() noexcept { return kRows; }

const ErrorRow* error_row(std::string_view code) noexcept {
  const auto* row = std::ranges::lower_bound(kRows, code, {}, &ErrorRow::code);
  return row != kRows.end() && row->code == code ? row : nullptr;
}

}  // namespace qualm
