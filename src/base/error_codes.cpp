#include "base/error_codes.h"

#include <algorithm>
#include <array>

namespace qualm {
namespace {

// Rows in the order of their codes, grouped by prefix. Each group names the folders that give it.
constexpr auto kRows = std::to_array<ErrorRow>({
    // APP, src/experiment: what a measurement does between runs of the engine.
    {"APP-001", Kind::cancelled, "The diagnosis was stopped before it was finished.",
     "Run the same command again: it continues with what was measured."},
    {"APP-002", Kind::cancelled, "The program was stopped while it read a model file.", ""},

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

    // CLINIC, src/clinic: qualm clinic.
    {"CLINIC-001", Kind::input, "The folder for the cases cannot be made.",
     "Set XDG_CACHE_HOME to a folder that can be written."},
    {"CLINIC-002", Kind::input, "No case has a name that contains the text after --only.",
     "List the names with `qualm clinic --list`."},
    {"CLINIC-003", Kind::input, "The original has no tensor or key that this case changes.",
     "Give another --baseline."},

    // CODEC, src/codec, src/formats/quantized, src/weights: stored numbers become weights. 0xx:
    // types of ggml
    // and
    // any encoding, 1xx: schemes of safetensors files.
    {"CODEC-001", Kind::input, "ggml uses this type for activations only and cannot decode it.",
     ""},
    {"CODEC-002", Kind::input, "Rows were asked for that the tensor does not have.",
     "This is a mistake in qualm: please report it."},
    {"CODEC-003", Kind::input, "The tensor's bytes do not fit its type and shape.",
     "Download the file again."},
    {"CODEC-009", Kind::cancelled, "The program was stopped while it read the weights.", ""},
    {"CODEC-101", Kind::input, "Rows were asked for that the decoded weight does not have.",
     "This is a mistake in qualm: please report it."},
    {"CODEC-102", Kind::input,
     "The scheme has no such number of bits, block size, packing or codebook.",
     "Check that the configuration belongs to these weights."},
    {"CODEC-103", Kind::input, "The tensor has a dtype that the scheme does not use.",
     "Check which tool wrote the file."},
    {"CODEC-104", Kind::input,
     "The tensor's shape does not fit the scheme or the tensors beside it.",
     "Check that all files are of the same model."},
    {"CODEC-105", Kind::input, "The group index names a group that does not exist.",
     "Download the file again."},
    {"CODEC-106", Kind::input, "A scale is NaN, infinite, or zero where it must divide.",
     "Quantize the model again."},
    {"CODEC-107", Kind::input, "The table of EXL2 groups contradicts itself or the weights.",
     "Download the file again."},
    {"CODEC-108", Kind::input, "The stored order of inputs does not name each input once.",
     "Download the file again."},
    {"CODEC-109", Kind::input, "There is not enough memory to decode rows of the tensor.",
     "Close other programs."},
    {"CODEC-110", Kind::input, "A tensor is missing that the scheme stores beside this one.",
     "Download all files of the model again."},

    // COMPARE, src/weights, src/commands: two models are compared tensor by tensor.
    {"COMPARE-001", Kind::cancelled, "The comparison of the weights was stopped.", ""},
    {"COMPARE-002", Kind::input, "There is not enough memory for a few rows of a tensor.",
     "Close other programs, or give fewer threads (-t)."},
    {"COMPARE-003", Kind::input, "The two models have no tensor in common.",
     "Compare a model with the model that it was made from."},

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
     "The option names a cache type or a flash attention mode that does not exist.",
     "Take one of the names that the message lists."},
    {"ENGINE-010", Kind::input, "llama-quantize has no quant type of this name.",
     "Give a name that `llama-quantize --help` lists."},
    {"ENGINE-011", Kind::engine, "libllama cannot quantize the model to this type.", ""},
    {"ENGINE-020", Kind::cancelled,
     "The program was stopped while it collected an importance matrix.", ""},
    {"ENGINE-021", Kind::engine, "This engine cannot collect an importance matrix.", ""},

    // EVAL, src/evaluate: texts are cut into windows, and logits are scored.
    {"EVAL-001", Kind::undecided, "The text is shorter than one window.",
     "Give a longer text with -f, or a smaller -c."},
    {"EVAL-010", Kind::engine, "The engine gave another number of logits than was asked for.",
     "Please report it."},
    {"EVAL-011", Kind::input, "The candidate's vocabulary has another size than the original's.",
     "Give the original that the candidate was made from."},

    // FILE, src/base, src/cli, src/formats/safetensors: files are opened and written.
    {"FILE-001", Kind::input, "There is nothing at this path.", "Check the path."},
    {"FILE-002", Kind::input, "The path names a folder where a file is needed.",
     "Name the model file inside it."},
    {"FILE-003", Kind::input, "The file or folder cannot be read.", "Check its permissions."},
    {"FILE-004", Kind::input, "The path names a pipe, a device or a socket.",
     "Save the data to a file first."},
    {"FILE-005", Kind::input, "The file cannot be mapped into memory.",
     "Check the memory limits (ulimit -v)."},
    {"FILE-010", Kind::input, "The output file cannot be written.", "Name another place with -o."},
    {"FILE-011", Kind::input, "Writing the output failed.",
     "Free some space, or name another place with -o."},

    // GGUF, src/formats/gguf: 001 to 024 one file, 025 to 029 a model in several files.
    {"GGUF-001", Kind::input, "The file ends inside a field.",
     "Compare the file's size or SHA-256 with its source's."},
    {"GGUF-002", Kind::input, "The file is too short for the number of entries that it states.",
     "Compare the file's size or SHA-256 with its source's."},
    {"GGUF-003", Kind::input,
     "The file is too short for a string that it states, or the string is too long.",
     "Compare the file's size or SHA-256 with its source's."},
    {"GGUF-004", Kind::input, "The file is not a GGUF file.", "Name the GGUF file of the model."},
    {"GGUF-005", Kind::input, "The file was made for big-endian machines.",
     "Convert the original again without --bigendian."},
    {"GGUF-006", Kind::input, "The file is GGUF version 1, which no runtime reads today.",
     "Take a newer file of the model."},
    {"GGUF-007", Kind::input, "The file states a GGUF version that qualm does not know.",
     "Download the file again, or update qualm."},
    {"GGUF-008", Kind::input, "A metadata key is empty or contains a NUL byte.",
     "Download the file again."},
    {"GGUF-009", Kind::input, "The metadata has the same key twice.",
     "Write the file again with the tool that made it."},
    {"GGUF-010", Kind::input, "A metadata value has a type that GGUF does not have.",
     "Download the file again."},
    {"GGUF-011", Kind::input, "A metadata value is an array of arrays, which no runtime reads.",
     "Remove the key."},
    {"GGUF-012", Kind::input, "The arrays in the metadata have more elements than qualm reads.",
     "Check that the file is a model."},
    {"GGUF-013", Kind::input, "The alignment is not a power of two.", "Download the file again."},
    {"GGUF-014", Kind::input, "A tensor's name is too long or contains a NUL byte.",
     "Download the file again."},
    {"GGUF-015", Kind::input, "Two tensors have the same name.",
     "Download all files of the model again."},
    {"GGUF-016", Kind::input, "A tensor has more than 4 dimensions.", "Download the file again."},
    {"GGUF-017", Kind::input, "A tensor has a negative dimension.", "Download the file again."},
    {"GGUF-018", Kind::input, "A tensor's size is too large for a 64-bit number.",
     "Download the file again."},
    {"GGUF-019", Kind::input, "A tensor has a type that this version of ggml does not know.",
     "Build qualm with a newer llama.cpp, or download the file again."},
    {"GGUF-020", Kind::input, "A tensor has a type that was removed from ggml.",
     "Make the file again from the original."},
    {"GGUF-021", Kind::input, "A tensor has a type of ik_llama.cpp, which qualm does not decode.",
     "Take a quant with llama.cpp's types."},
    {"GGUF-022", Kind::input, "A tensor's rows are not whole blocks of its type.",
     "Download the file again."},
    {"GGUF-023", Kind::input, "A tensor does not begin where the tensor before it ends.",
     "Make the file again."},
    {"GGUF-024", Kind::input, "The file ends before the data of a tensor does.",
     "Download the file again."},
    {"GGUF-025", Kind::input, "The file is a later shard of a model, not the first one.",
     "Name the first shard."},
    {"GGUF-026", Kind::input, "The first shard was renamed, so the other shards cannot be found.",
     "Give the file its old name back."},
    {"GGUF-027", Kind::input, "A shard of the model is missing.",
     "Put all shards of the model into one folder."},
    {"GGUF-028", Kind::input, "A shard states a wrong number for itself or for the set of shards.",
     "Download all shards again."},
    {"GGUF-029", Kind::input, "The shards do not have as many tensors as the first one states.",
     "Download all shards again."},
    {"GGUF-030", Kind::input, "The metadata does not fit into memory.",
     "Close other programs, or check that the file is a model."},
    {"GGUF-031", Kind::input, "Shards of a model were joined with cat.",
     "Download the shards again and name the first one."},

    // HF, src/formats/hf: folders of Hugging Face models.
    {"HF-001", Kind::input, "The folder has weights but no config.json.",
     "Download config.json, or name a .safetensors file to see its tensors only."},
    {"HF-002", Kind::input, "config.json is not a JSON object.", "Download config.json again."},
    {"HF-003", Kind::input, "config.json does not state the type of the model.",
     "Compare config.json with that of the original model."},
    {"HF-004", Kind::input, "A value in config.json has the wrong type or is out of range.",
     "Compare config.json with that of the original model."},
    {"HF-005", Kind::input, "A value that the model needs is missing in config.json.",
     "Compare config.json with that of the original model."},
    {"HF-006", Kind::input, "The numbers and sizes of the attention heads do not fit together.",
     "Compare config.json with that of the original model."},
    {"HF-007", Kind::input, "config.json states more layers than the files have.",
     "Download all files of the model again."},
    {"HF-008", Kind::input, "A tensor of the model is missing.",
     "Download all files of the model again."},
    {"HF-009", Kind::input, "A tensor does not have the shape that config.json states.",
     "Check that config.json belongs to these weights."},
    {"HF-010", Kind::input, "The folder has no weights in safetensors.",
     "Take the model's safetensors files, or a GGUF of it."},
    {"HF-011", Kind::input, "Two tensors are stored for one place in the model.",
     "Remove the files of another model from the folder."},
    {"HF-012", Kind::input, "The model has no place for this bias.",
     "Check that config.json belongs to these weights."},
    {"HF-013", Kind::input, "The folder has a PEFT adapter and no model.",
     "Merge the adapter into its base model and give the merged folder."},

    // IMAGE, src/assemble: models that are held in memory.
    {"IMAGE-001", Kind::engine, "The system gives no anonymous file (a file in memory).",
     "Check the sandbox or container that qualm runs in."},
    {"IMAGE-002", Kind::engine, "The assembled model does not fit into memory.",
     "Close other programs."},

    // IMATRIX, src/formats/imatrix: importance matrices.
    {"IMATRIX-001", Kind::input, "The file ends inside a field.",
     "Compare the file's size or SHA-256 with its source's."},
    {"IMATRIX-004", Kind::input, "The file states more entries than it holds.",
     "Compare the file's size or SHA-256 with its source's."},
    {"IMATRIX-005", Kind::input, "The GGUF file is not an importance matrix.",
     "Give the file that llama-imatrix wrote."},
    {"IMATRIX-006", Kind::input, "The sums of a tensor have no counts beside them.",
     "Make the importance matrix again with llama-imatrix."},

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

    // JSON, src/formats: any JSON that comes with a model.
    {"JSON-001", Kind::input, "The JSON text is longer than qualm reads.",
     "Check that the file is what its name says."},
    {"JSON-002", Kind::input, "The text is not valid JSON.", "Download the file again."},
    {"JSON-003", Kind::input, "A JSON object has the same key twice.", "Download the file again."},
    {"JSON-004", Kind::input, "The JSON text is nested deeper than qualm reads.",
     "Check that the file is what its name says."},
    {"JSON-005", Kind::input,
     "The JSON text has more values than qualm reads, or than fit into memory.",
     "Check that the file is what its name says."},
    {"JSON-006", Kind::input, "The JSON text is not UTF-8.", "Download the file again."},

    // MEASURE, src/commands: qualm measure.
    {"MEASURE-001", Kind::input, "The candidate and the original have different vocabularies.",
     "Give the original that the candidate was made from."},

    // PROBE, src/probe: the models write texts.
    {"PROBE-001", Kind::cancelled, "The program was stopped while a model wrote texts.", ""},

    // PROMPTS, src/commands: --prompts.
    {"PROMPTS-001", Kind::input, "The file has no prompts.", "Write one prompt per line."},
    {"PROMPTS-002", Kind::input, "The file has more than 1000 prompts.",
     "Give fewer: 24 to 100 are enough."},
    {"PROMPTS-003", Kind::input, "A prompt is longer than 1024 tokens.", "Shorten the prompt."},

    // QW, src/formats, src/formats/quantized: quantized weights in safetensors files.
    {"QW-001", Kind::input, "No tensor holds the weight of this module.",
     "Compare config.json with the files of the model."},
    {"QW-002", Kind::input, "The weight is stored in a scheme that qualm knows but does not read.",
     "Use a GGUF of the model, or its unquantized files."},
    {"QW-003", Kind::input, "A tensor that belongs to a quantized weight is missing.",
     "Download all files of the model again."},
    {"QW-004", Kind::input, "No width in config.json fits the size of the packed weight.",
     "Check that config.json belongs to these weights."},
    {"QW-005", Kind::input, "The tensors of the weight have shapes of no layout that qualm knows.",
     "Report which tool wrote the file."},

    // READ, src/formats: what kind of model a path names.
    {"READ-001", Kind::input, "The folder has no model.", "Name the model file."},
    {"READ-002", Kind::input, "The folder has more than one model.",
     "Name the file of the model that is meant."},
    {"READ-003", Kind::input,
     "The file has no language model: an encoder, an adapter, an importance matrix, a vocabulary.",
     "Give the language model itself."},

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
    {"REQUEST-001", Kind::input, "The job description is not one of this version of qualm.",
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

    // ST, src/formats/safetensors: 001 to 014 files, 020 to 023 an index of files, 030 folders.
    {"ST-001", Kind::input, "The file is too short to be a safetensors file.",
     "Download the file again."},
    {"ST-002", Kind::input, "The header is longer than safetensors allows.",
     "Check that the file is a safetensors file."},
    {"ST-003", Kind::input, "The file ends inside its header.", "Download the file again."},
    {"ST-004", Kind::input, "The header is not UTF-8.", "Download the file again."},
    {"ST-005", Kind::input, "The header is not the JSON that safetensors requires.",
     "Download the file again."},
    {"ST-006", Kind::input, "A tensor has a dtype that qualm does not know.",
     "Report which tool wrote the file."},
    {"ST-007", Kind::input, "A tensor does not begin where the tensor before it ends.",
     "Download the file again."},
    {"ST-008", Kind::input, "A tensor has another number of bytes than its dtype and shape need.",
     "Download the file again."},
    {"ST-009", Kind::input, "A tensor's size is too large for a 64-bit number.",
     "Download the file again."},
    {"ST-010", Kind::input, "A tensor does not fill whole bytes.", "Download the file again."},
    {"ST-011", Kind::input, "The tensors do not end where the file ends.",
     "Download the file again."},
    {"ST-012", Kind::input, "The file is not a safetensors file.",
     "Name the .safetensors file of the model."},
    {"ST-013", Kind::input, "A tensor has a dimension of 2^63 or more.",
     "Download the file again."},
    {"ST-014", Kind::input, "Two files have a tensor of the same name.",
     "Remove the files of another model from the folder."},
    {"ST-020", Kind::input, "The index does not have the form of a safetensors index.",
     "Download the index again, or name one file of the model."},
    {"ST-021", Kind::input, "The index names a file outside the folder of the model.",
     "Do not use this index."},
    {"ST-022", Kind::input, "A file that the index names is missing.",
     "Download the missing file."},
    {"ST-023", Kind::input, "A tensor is not in the file that the index names for it.",
     "Download the index and the files again."},
    {"ST-030", Kind::input, "The folder has no safetensors files.",
     "Convert pickled weights (.bin, .pt) to safetensors, or name a GGUF file itself."},

    // TOK, src/formats/hf: the tokenizer's files of a Hugging Face model.
    {"TOK-001", Kind::input, "tokenizer.model ends inside a field.",
     "Download the tokenizer's files again."},
    {"TOK-004", Kind::input, "tokenizer.model is not a SentencePiece model.",
     "Download the tokenizer's files again."},
    {"TOK-010", Kind::input, "A part of the tokenizer has the wrong type.",
     "Download the tokenizer's files again."},
    {"TOK-011", Kind::input, "The number of tokens or the id of a token is out of range.",
     "Download the tokenizer's files again."},
    {"TOK-012", Kind::input, "Two tokens have the same id or the same text.",
     "Download the tokenizer's files again."},
    {"TOK-013", Kind::input, "An id inside the vocabulary has no token.",
     "Download the tokenizer's files again."},
    {"TOK-014", Kind::input, "A merge does not consist of two pieces of the vocabulary.",
     "Download the tokenizer's files again."},
    {"TOK-016", Kind::input, "The score of a token is NaN or infinite.",
     "Download the tokenizer's files again."},
    {"TOK-017", Kind::input, "The table of character replacements is damaged.",
     "Download the tokenizer's files again."},
    {"TOK-020", Kind::input, "The folder has neither tokenizer.json nor tokenizer.model.",
     "Download the tokenizer's files."},
    {"TOK-021", Kind::input, "The tokenizer is of a kind that qualm cannot convert.",
     "Use a GGUF of the model."},

    // TOKENIZER, src/engine: libllama's tokenizer.
    {"TOKENIZER-001", Kind::input, "The model's tokenizer cannot split the text into tokens.",
     "Convert the model again with its original tokenizer."},

    // USAGE, src/cli: the command line.
    {"USAGE-001", Kind::input, "The command line has a word or a value that qualm does not know.",
     "Run qualm COMMAND --help."},
});
static_assert(std::ranges::is_sorted(kRows, {}, &ErrorRow::code));

}  // namespace

std::span<const ErrorRow> error_rows() noexcept { return kRows; }

const ErrorRow* error_row(std::string_view code) noexcept {
  const auto* row = std::ranges::lower_bound(kRows, code, {}, &ErrorRow::code);
  return row != kRows.end() && row->code == code ? row : nullptr;
}

}  // namespace qualm
