// A step on another thread. Until its promise is settled it leases the memory that it uses and keeps every owner alive.
#pragma once

#include <napi.h>

#include <memory>

#include "../table/hold.h"
#include "async_work.h"

namespace adabelief {

class AsyncStep : public AsyncWork {
 public:
  /** Starts a prepared step. `owners` are the JavaScript objects that own table, request and arrays. Returns a promise of
   * undefined. */
  static Napi::Value start(Napi::Env env, std::shared_ptr<Table> table, Napi::Object owners);

 protected:
  /** One core is left to JavaScript. Waits for devices as well. */
  void work() override;
  void abandon() override;
  /** On JavaScript's thread, once, in a later turn of its loop. */
  void OnOK() override;
  void OnError(const Napi::Error& error) override;

 private:
  AsyncStep(Napi::Env env, std::shared_ptr<Table> table, Napi::Object owners);

  std::shared_ptr<Table> table_;
  Hold hold_;
  Napi::ObjectReference owners_;
  Napi::Promise::Deferred deferred_;
  EngineError::Kind kind_ = EngineError::Kind::refused;  // of what went wrong
};

}  // namespace adabelief
