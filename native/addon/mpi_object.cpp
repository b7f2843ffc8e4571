#include "mpi_object.h"

#include <string>

#include "../cpu/norm.h"
#include "../mpi/exchange.h"
#include "../mpi/measure.h"
#include "floats.h"
#include "mpi_task.h"

namespace adabelief {

namespace {

using Task = std::unique_ptr<MpiTask>;

std::string text_of(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

std::vector<int> integers_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

/** A bucket: its arrays, null where there is none, and their lengths; and how much of it is each rank's. */
mpi::Bucket bucket_of(const Napi::Value& arrays, const Napi::Value& lengths, const Napi::Value& counts) {
  const auto list = arrays.As<Napi::Array>();
  const auto sizes = lengths.As<Napi::Float64Array>();
  mpi::Bucket bucket{{}, integers_of(counts)};
  for (unsigned k = 0; k < list.Length(); ++k) {
    const Napi::Value array = list.Get(k);
    const auto length = static_cast<std::size_t>(sizes[k]);
    if (array.IsNull()) {
      bucket.stretches.push_back({nullptr, length});
      continue;
    }
    const Floats found = floats(array, length);
    if (found.problem != Problem::none) throw Napi::TypeError::New(arrays.Env(), "not a Float32Array of that length");
    bucket.stretches.push_back({found.data, length});
  }
  return bucket;
}

/** find(names): { reason, path, version, abi }; `reason` is "" where there is a library */
Napi::Value find(const Napi::CallbackInfo& info) {
  const auto list = info[0].As<Napi::Array>();
  std::vector<std::string> names;
  for (unsigned k = 0; k < list.Length(); ++k) names.push_back(text_of(list.Get(k)));
  const mpi::Library& library = mpi::find_library(names);
  Napi::Object result = Napi::Object::New(info.Env());
  result["reason"] = library.reason;
  result["path"] = library.path;
  result["version"] = library.version;
  result["abi"] = library.abi;
  return result;
}

/** start(into: Int32Array, color): writes rank and size, and how many processes were started. `color` is -1 for all. Returns when
 * MPI has started, or the timeout has passed. */
Napi::Value start(const Napi::CallbackInfo& info) {
  auto into = info[0].As<Napi::Int32Array>();
  int* numbers = into.Data();
  const int color = info[1].As<Napi::Number>().Int32Value();
  auto task = std::make_unique<MpiTask>(info.Env(), [numbers, color](mpi::World& world) {
    world.start(color);
    numbers[0] = world.rank();
    numbers[1] = world.size();
    numbers[2] = world.started();
  });
  task->keep(into);
  const Napi::Value promise = MpiTask::submit(std::move(task));
  mpi::World::get().wait_for_start();
  return promise;
}

/** end() */
Napi::Value end(const Napi::CallbackInfo& info) {
  return MpiTask::submit(std::make_unique<MpiTask>(info.Env(), [](mpi::World& world) { world.end(); }));
}

/** setTimeout(seconds) */
void set_timeout(const Napi::CallbackInfo& info) { mpi::World::get().timeout = info[0].As<Napi::Number>().DoubleValue(); }

/** abort(code): does not return */
void abort(const Napi::CallbackInfo& info) { mpi::World::get().abort(info[0].As<Napi::Number>().Int32Value()); }

/** agree(ok, parts, message, batch) */
Napi::Value agree(const Napi::CallbackInfo& info) {
  auto task = std::make_unique<MpiTask>(info.Env(), [](mpi::World&) {});
  task->agree_on(info[0], info[1], info[2]);
  task->belongs_to(info[3].As<Napi::Number>());
  return MpiTask::submit(std::move(task));
}

/** sum(parts, batch, arrays, lengths, counts, own): the sum of the own part of a bucket's gradients. Without arrays nothing is
 * exchanged, and `own` is left as it is. */
Napi::Value sum(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Task task;
  if (info[2].IsNull()) {
    task = std::make_unique<MpiTask>(env, [](mpi::World&) {});
  } else {
    mpi::Bucket bucket = bucket_of(info[2], info[3], info[4]);
    auto own = info[5].As<Napi::Float32Array>();
    const std::vector<mpi::Stretch> used = bucket.stretches;
    auto exchange = std::make_shared<mpi::GradientSum>(std::move(bucket), own.Data());
    task = std::make_unique<MpiTask>(
        env, [exchange](mpi::World& world) { exchange->begin(world); },
        [exchange](mpi::World& world) { exchange->finish(world); });
    for (const auto& [data, length] : used) task->reads(data, data ? length * sizeof(float) : 0);
    task->keep(info[2]);
    task->keep(own);
  }
  task->agree_on(Napi::Boolean::New(env, true), info[0], Napi::String::New(env, ""));
  task->belongs_to(info[1].As<Napi::Number>());
  return MpiTask::submit(std::move(task));
}

/** squares(batch, arrays, firsts, scale, sums): the sums of squares of the blocks of this rank's arrays, and of all ranks' others
 */
Napi::Value squares(const Napi::CallbackInfo& info) {
  const auto arrays = info[1].As<Napi::Array>();
  const auto numbers = info[2].As<Napi::Float64Array>();
  const float scale = info[3].As<Napi::Number>().FloatValue();
  auto sums = info[4].As<Napi::Float64Array>();
  std::vector<Floats32> tensors;
  std::vector<std::size_t> firsts;
  for (unsigned k = 0; k < arrays.Length(); ++k) {
    auto array = Napi::Value(arrays.Get(k)).As<Napi::Float32Array>();
    tensors.push_back({array.Data(), array.ElementLength()});
    firsts.push_back(static_cast<std::size_t>(numbers[k]));
  }
  auto task = std::make_unique<MpiTask>(info.Env(), [=, into = sums.Data(), count = sums.ElementLength()](mpi::World& world) {
    squares_of_blocks_on_pool(tensors, firsts, scale, into);
    mpi::merge(world, into, count);
  });
  task->keep(arrays);
  task->keep(sums);
  task->belongs_to(info[0].As<Napi::Number>());
  return MpiTask::submit(std::move(task));
}

/** gather(batch, arrays, lengths, counts), each a list with an element a bucket: every rank's part to all ranks */
Napi::Value gather(const Napi::CallbackInfo& info) {
  const auto arrays = info[1].As<Napi::Array>(), lengths = info[2].As<Napi::Array>(), counts = info[3].As<Napi::Array>();
  auto buckets = std::make_shared<std::vector<mpi::Bucket>>();
  for (unsigned k = 0; k < arrays.Length(); ++k) buckets->push_back(bucket_of(arrays.Get(k), lengths.Get(k), counts.Get(k)));
  auto task = std::make_unique<MpiTask>(info.Env(), [buckets](mpi::World& world) { mpi::gather(world, *buckets); });
  for (const mpi::Bucket& bucket : *buckets) {
    for (const auto& [data, length] : bucket.stretches) task->writes(data, data ? length * sizeof(float) : 0);
  }
  task->keep(arrays);
  task->belongs_to(info[0].As<Napi::Number>());
  return MpiTask::submit(std::move(task));
}

/** transfer(from, counts, into, intoCounts): bytes from every rank to every rank */
Napi::Value transfer(const Napi::CallbackInfo& info) {
  auto from = info[0].As<Napi::Uint8Array>(), into = info[2].As<Napi::Uint8Array>();
  auto task = std::make_unique<MpiTask>(
      info.Env(), [source = from.Data(), counts = integers_of(info[1]), target = into.Data(), into_counts = integers_of(info[3])](
                      mpi::World& world) { mpi::transfer(world, source, counts, target, into_counts); });
  task->keep(from);
  task->keep(into);
  return MpiTask::submit(std::move(task));
}

/** broadcast(bytes, root): bytes from one rank to all */
Napi::Value broadcast(const Napi::CallbackInfo& info) {
  auto bytes = info[0].As<Napi::Uint8Array>();
  const int root = info[1].As<Napi::Number>().Int32Value();
  auto task = std::make_unique<MpiTask>(info.Env(), [data = bytes.Data(), length = bytes.ByteLength(), root](mpi::World& world) {
    mpi::broadcast(world, data, length, root);
  });
  task->keep(bytes);
  task->writes(bytes.Data(), bytes.ByteLength());
  return MpiTask::submit(std::move(task));
}

/** measure(cost, data, bucket, repeats, into: Float64Array): writes the seconds that one takes */
Napi::Value measure(const Napi::CallbackInfo& info) {
  const auto cost = static_cast<mpi::Cost>(info[0].As<Napi::Number>().Int32Value());
  auto data = info[1].As<Napi::Float32Array>();
  const auto bucket = static_cast<std::size_t>(info[2].As<Napi::Number>().DoubleValue());
  const unsigned repeats = info[3].As<Napi::Number>().Uint32Value();
  auto into = info[4].As<Napi::Float64Array>();
  auto task = std::make_unique<MpiTask>(
      info.Env(), [=, memory = data.Data(), length = data.ElementLength(), seconds = into.Data()](mpi::World& world) {
        *seconds = mpi::seconds_of(world, cost, memory, length, bucket, repeats);
      });
  task->keep(data);
  task->keep(into);
  task->writes(data.Data(), data.ByteLength());
  return MpiTask::submit(std::move(task));
}

}  // namespace

Napi::Object define_mpi(Napi::Env env) {
  Napi::Object mpi = Napi::Object::New(env);
  mpi["find"] = Napi::Function::New<find>(env, "find");
  mpi["start"] = Napi::Function::New<start>(env, "start");
  mpi["end"] = Napi::Function::New<end>(env, "end");
  mpi["setTimeout"] = Napi::Function::New<set_timeout>(env, "setTimeout");
  mpi["abort"] = Napi::Function::New<abort>(env, "abort");
  mpi["agree"] = Napi::Function::New<agree>(env, "agree");
  mpi["sum"] = Napi::Function::New<sum>(env, "sum");
  mpi["squares"] = Napi::Function::New<squares>(env, "squares");
  mpi["gather"] = Napi::Function::New<gather>(env, "gather");
  mpi["transfer"] = Napi::Function::New<transfer>(env, "transfer");
  mpi["measure"] = Napi::Function::New<measure>(env, "measure");
  mpi["broadcast"] = Napi::Function::New<broadcast>(env, "broadcast");
  return mpi;
}

}  // namespace adabelief
